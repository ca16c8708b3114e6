/*
 * Removes what a session leaves: its control groups and its state directory. Used by the watcher at the
 * end of its session, and by the sweep for sessions whose watchers were killed.
 *
 * A state directory is alive while somebody holds its flock: the watchers do, and the kernel lets go of it when
 * they die, however they die.
 */
#include "init.h"
#include "init_private.h"
#include "init_sys.h"

enum { lock_exclusive = 2, lock_nonblock = 4, at_removedir = 0x200 };

void clean_load(struct cleaning *cleaning, int state)
{
	char *at = cleaning->text;

	cleaning->state = state;
	cleaning->count = 0;
	if (sys_read_file(state, STATE_CGROUPS, cleaning->text, sizeof cleaning->text) <= 0)
		return;
	while (*at && cleaning->count < CLEAN_DIRS) {
		char *tab = at, *end;

		while (*tab && *tab != '\t')
			tab++;
		for (end = tab; *end && *end != '\n'; end++)
			;
		if (*tab != '\t' || *end != '\n')
			return; /* cut short: its writer died before the directory was made */
		*tab = *end = '\0';
		cleaning->leaf[cleaning->count] = at;
		cleaning->origin[cleaning->count++] = tab + 1;
		at = end + 1;
	}
}

/* A group that was there before, and is somebody else's to move and to remove. */
static bool is_foreign(const struct cleaning *cleaning, unsigned index)
{
	return !cleaning->origin[index][0];
}

static int open_leaf(const struct cleaning *cleaning, unsigned index)
{
	return sys_openat(AT_FDCWD, cleaning->leaf[index], O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

static void write_file(int dir, const char *file, const char *text)
{
	int fd = sys_openat(dir, file, O_WRONLY | O_NOFOLLOW);

	if (fd >= 0)
		sys(__NR_write, fd, text, str_length(text));
	sys_close(fd);
}

/* The number behind "key " at the start of a line of text; the number at its start where key is "". */
static uint64_t value_of(const char *text, const char *key)
{
	for (const char *line = text; *line;) {
		const char *at = line, *word = key;

		while (*word && *at == *word)
			at++, word++;
		if (!*word && (!*key || *at == ' '))
			return str_number(*key ? at + 1 : at);
		while (*line && *line++ != '\n')
			;
	}
	return 0;
}

void clean_usage(const struct cleaning *cleaning, struct usage *usage)
{
	static const struct {
		const char *file, *key;
		uint16_t divisor;
		uint16_t field; /* offset in struct usage */
	} sources[] = {
		{ "memory.max_usage_in_bytes", "", 1, offsetof(struct usage, memory_peak) },
		{ "memory.peak", "", 1, offsetof(struct usage, memory_peak) },
		{ "cpuacct.usage", "", 1000, offsetof(struct usage, cpu_microseconds) },
		{ "cpu.stat", "usage_usec", 1, offsetof(struct usage, cpu_microseconds) },
		{ "memory.oom_control", "oom_kill", 1, offsetof(struct usage, oom_kills) },
		{ "memory.events", "oom_kill", 1, offsetof(struct usage, oom_kills) },
		{ "pids.events", "max", 1, offsetof(struct usage, pids_refused) },
	};

	for (unsigned i = 0; i < cleaning->count; i++) {
		int dir = open_leaf(cleaning, i);

		for (unsigned s = 0; dir >= 0 && s < sizeof sources / sizeof *sources; s++) {
			uint64_t *field = (uint64_t *)(void *)((char *)usage + sources[s].field);
			char text[1024];
			uint64_t value;

			if (sys_read_file(dir, sources[s].file, text, sizeof text) <= 0)
				continue;
			value = value_of(text, sources[s].key) / sources[s].divisor;
			if (value > *field)
				*field = value;
		}
		sys_close(dir);
	}
}

bool clean_has_cpu(const struct cleaning *cleaning)
{
	char text[32];

	for (unsigned i = 0; i < cleaning->count; i++) {
		int dir = open_leaf(cleaning, i);
		bool has = dir >= 0 && (sys_read_file(dir, "cpu.weight", text, sizeof text) > 0 ||
					       sys_read_file(dir, "cpu.shares", text, sizeof text) > 0);

		sys_close(dir);
		if (has)
			return true;
	}
	return false;
}

void clean_move_back(const struct cleaning *cleaning, int pid)
{
	char digits[24];
	struct str text = { digits, sizeof digits, 0 };

	str_add_number(&text, (uint64_t)pid);
	for (unsigned i = 0; i < cleaning->count; i++) {
		int dir = sys_openat(AT_FDCWD, cleaning->origin[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

		if (dir >= 0)
			write_file(dir, "cgroup.procs", digits);
		sys_close(dir);
	}
}

/* How many members one directory has; kills each but `spared` where that is asked for. */
static unsigned each_member(int dir, bool kill, int spared)
{
	int fd = sys_openat(dir, "cgroup.procs", O_RDONLY | O_NOFOLLOW);
	unsigned members = 0;
	uint64_t pid = 0;
	char text[1024];
	long got;

	if (fd < 0)
		return 0;
	while ((got = sys(__NR_read, fd, text, sizeof text)) > 0) {
		for (long i = 0; i < got; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				pid = pid * 10 + (uint64_t)(text[i] - '0');
				continue;
			}
			/* 0 is a process of a pid namespace that cannot be seen from here */
			if (kill && pid > 1 && (int)pid != spared)
				sys(__NR_kill, pid, SIG_KILL);
			members++;
			pid = 0;
		}
	}
	sys_close(fd);
	return members;
}

bool clean_leader_stays(const struct cleaning *cleaning)
{
	return cleaning->count && is_foreign(cleaning, 0);
}

unsigned clean_members(const struct cleaning *cleaning)
{
	int dir = cleaning->count ? open_leaf(cleaning, 0) : -1;
	unsigned members = 0;

	if (dir >= 0)
		members = each_member(dir, false, 0);
	sys_close(dir);
	return members;
}

static void kill_members(const struct cleaning *cleaning, int spared)
{
	for (unsigned i = 0; i < cleaning->count; i++) {
		int dir = is_foreign(cleaning, i) ? -1 : open_leaf(cleaning, i);

		if (dir < 0)
			continue;
		/* no member may fork while the list is read: pids.max on v1, cgroup.kill does it all on v2 (5.14) */
		write_file(dir, "pids.max", "0");
		if (!spared)
			write_file(dir, "cgroup.kill", "1"); /* spares nobody */
		(void)each_member(dir, true, spared);
		sys_close(dir);
	}
}

/* A scope of systemd's, which its manager removes itself once it is empty. */
static bool is_unit(const char *leaf)
{
	static const char suffix[] = ".scope";
	size_t length = str_length(leaf);

	return length >= sizeof suffix && str_equal(leaf + length + 1 - sizeof suffix, suffix);
}

/* false: somebody is in it still. Taken from under the manager before it looks, a scope would stay "running" for ever. */
static bool remove_leaf(const struct cleaning *cleaning, unsigned index)
{
	unsigned members;
	long result;
	int dir;

	if (is_foreign(cleaning, index))
		return true;
	if (!is_unit(cleaning->leaf[index])) {
		result = sys(__NR_unlinkat, AT_FDCWD, cleaning->leaf[index], at_removedir);
		return result == 0 || result == -SYS_ENOENT;
	}
	dir = open_leaf(cleaning, index);
	members = dir >= 0 ? each_member(dir, false, 0) : 0;
	sys_close(dir);
	return members == 0;
}

bool clean_remove(const struct cleaning *cleaning, int spared, int milliseconds)
{
	int64_t end = sys_milliseconds() + milliseconds;

	for (;;) {
		unsigned left = 0;

		for (unsigned i = 0; i < cleaning->count; i++)
			left += !remove_leaf(cleaning, i);
		if (!left)
			return true;
		if (sys_milliseconds() >= end)
			return false;
		/* a session process whose set-up failed may have joined only now */
		if (spared)
			clean_move_back(cleaning, spared);
		kill_members(cleaning, spared);
		sys_sleep(5);
	}
}

bool clean_name(int state, char *name)
{
	char link[64], target[256];
	struct str text = { link, sizeof link, 0 };
	long length, start;

	str_add(&text, "/proc/self/fd/");
	str_add_number(&text, (uint64_t)state);
	length = sys(__NR_readlinkat, AT_FDCWD, link, target, sizeof target - 1);
	if (length <= 0)
		return false;
	target[length] = '\0';
	for (start = length; start > 0 && target[start - 1] != '/'; start--)
		;
	if (length - start >= 64)
		return false;
	memcpy(name, target + start, (size_t)(length - start) + 1);
	return true;
}

void clean_state(int state, const char *name)
{
	static const char *const files[] = { STATE_SESSION, STATE_CGROUPS, STATE_RECORD, STATE_RECORD_OPEN };
	int root = sys_openat(state, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

	for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
		sys(__NR_unlinkat, state, files[i], 0);
	if (root >= 0)
		sys(__NR_unlinkat, root, name, at_removedir);
	sys_close(root);
}

/* One entry of the state root whose watchers may be dead. true: it is gone, or was never there. */
static bool sweep_one(int root, const char *name, int spared, int milliseconds)
{
	struct cleaning cleaning;
	bool gone = true;
	int state = sys_openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

	if (state < 0)
		return state == -SYS_ENOENT;
	if (sys(__NR_flock, state, lock_exclusive | lock_nonblock) == 0) {
		clean_load(&cleaning, state);
		gone = clean_remove(&cleaning, spared, milliseconds);
		record_end(state);
		if (gone)
			clean_state(state, name);
	} else {
		gone = false;
	}
	sys_close(state);
	return gone;
}

/*
 * ".new-…" is a name that is being reserved: made, then locked, then shown. Between the first two a sweep could take
 * it away; whoever makes it tries again. Other names with a dot are not sessions.
 */
static bool may_sweep(const char *name)
{
	return name[0] != '.' || (name[1] == 'n' && name[2] == 'e' && name[3] == 'w' && name[4] == '-');
}

/* The state root's entries, one getdents64(2) buffer after the other. */
static void sweep_all(int root, int milliseconds)
{
	struct entry {
		uint64_t inode;
		int64_t offset;
		uint16_t length;
		uint8_t type;
		char name[];
	};
	_Alignas(uint64_t) char buf[2048];
	long got;

	while ((got = sys(__NR_getdents64, root, buf, sizeof buf)) > 0) {
		for (long at = 0; at < got;) {
			struct entry *entry = (struct entry *)(void *)(buf + at);

			if (may_sweep(entry->name))
				(void)sweep_one(root, entry->name, 0, milliseconds);
			at += entry->length;
		}
	}
}

int clean_sweep(int dir, const char *path, const char *name, int spared, bool forced)
{
	int root = sys_openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	int stamp, status = 0;

	if (root < 0)
		return root == -SYS_ENOENT ? 0 : 1;
	record_prepare();
	if (name) {
		/* its lock may be held for a moment yet by a builder that is being killed */
		int64_t end = sys_milliseconds() + END_REMOVE_MS;

		while (!sweep_one(root, name, spared, END_REMOVE_MS)) {
			if (sys_milliseconds() >= end) {
				status = 1;
				break;
			}
			sys_sleep(5);
		}
	} else {
		/* one sweeper at a time, and not for every login of a crowd: a thousand live sessions are a long list */
		stamp = (int)sys(__NR_openat, root, ".sweep", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (stamp >= 0 && sys(__NR_flock, stamp, lock_exclusive | lock_nonblock) == 0) {
			char text[24];
			struct str out = { text, sizeof text, 0 };
			int64_t now = sys_milliseconds();
			long got = sys(__NR_pread64, stamp, text, sizeof text - 1, 0);

			text[got > 0 ? got : 0] = '\0';
			if (forced || now - (int64_t)str_number(text) >= 1000) {
				/* a twin has a session of its own to watch: what stays busy waits for the next */
				sweep_all(root, forced ? END_REMOVE_MS : END_PASSING_MS);
				str_add_number(&out, (uint64_t)now);
				sys(__NR_ftruncate, stamp, 0);
				sys(__NR_pwrite64, stamp, text, out.used, 0);
			}
		}
		sys_close(stamp);
	}
	sys_close(root);
	return status;
}
