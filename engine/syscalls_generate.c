/*
 * syscalls_generate: prints the seccomp filters and the rules' documentation as C. Runs when
 * contained is built. libseccomp compiles the rules; before its program stands a ceiling of our
 * own:
 *
 *	other architecture → ENOSYS
 *	number above the ceiling → ENOSYS (x32 numbers and -1 are, too)
 *	calls that libseccomp may not know → their errno
 *
 * BPF jumps are relative, so that the two are simply joined.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"
#include "syscalls_rules.h"

static __attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)fputs("syscalls_generate: ", stderr);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	exit(1);
}

/* --- the rules, by libseccomp ----------------------------------------------------------- */

struct masks {
	unsigned count;
	struct {
		uint32_t mask, value;
	} items[512];
};

static void add_mask(struct masks *masks, uint32_t mask, uint32_t value)
{
	if (masks->count == ARRAY_SIZE(masks->items))
		die("a condition needs too many comparisons");
	masks->items[masks->count].mask = mask;
	masks->items[masks->count++].value = value;
}

/*
 * Covers all numbers that begin with the bits of prefix above `bit` and are none of the values:
 * halves the range until a half holds no value at all. libseccomp has no "none of", as each rule
 * may test an argument only once.
 */
static void add_others(
	struct masks *masks, const struct syscalls_condition *condition, uint32_t prefix, int bit)
{
	uint32_t mask = bit == 31 ? 0 : ~UINT32_C(0) << (bit + 1);
	unsigned inside = 0;

	for (unsigned i = 0; i < condition->count; i++)
		inside += (condition->values[i] & mask) == prefix;
	if (inside == 0) {
		add_mask(masks, mask, prefix);
	} else if (bit >= 0) {
		add_others(masks, condition, prefix, bit - 1);
		add_others(masks, condition, prefix | UINT32_C(1) << bit, bit - 1);
	}
}

static void make_masks(const struct syscalls_condition *condition, struct masks *masks)
{
	masks->count = 0;
	switch (condition->kind) {
	case COND_NONE:
		add_mask(masks, 0, 0);
		break;
	case COND_BITS:
		for (unsigned bit = 0; bit < 32; bit++) {
			if (condition->values[0] >> bit & 1)
				add_mask(masks, UINT32_C(1) << bit, UINT32_C(1) << bit);
		}
		break;
	case COND_EQUALS:
		for (unsigned i = 0; i < condition->count; i++)
			add_mask(masks, 0xffffffff, condition->values[i]);
		break;
	case COND_OTHER:
		add_others(masks, condition, 0, 31);
		break;
	}
}

static void add_rule(scmp_filter_ctx ctx, const struct syscalls_rule *rule, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);
	struct masks first, second;

	if (number == __NR_SCMP_ERROR)
		die("libseccomp does not know %s: give its number", name);
	make_masks(&rule->conditions[0], &first);
	make_masks(&rule->conditions[1], &second);
	for (unsigned i = 0; i < first.count; i++) {
		for (unsigned j = 0; j < second.count; j++) {
			struct scmp_arg_cmp tests[2];
			unsigned count = 0;
			int rc;

			if (rule->conditions[0].kind != COND_NONE)
				tests[count++] =
					SCMP_CMP(rule->conditions[0].arg, SCMP_CMP_MASKED_EQ,
						first.items[i].mask, first.items[i].value);
			if (rule->conditions[1].kind != COND_NONE)
				tests[count++] =
					SCMP_CMP(rule->conditions[1].arg, SCMP_CMP_MASKED_EQ,
						second.items[j].mask, second.items[j].value);
			/* a call that an architecture does not have is left out there */
			rc = seccomp_rule_add_array(
				ctx, SCMP_ACT_ERRNO((unsigned)rule->action), number, count, tests);
			if (rc < 0)
				die("%s: %s", name, strerror(-rc));
		}
	}
}

/* Cuts the next name off *calls; *number is 0 where none is given. false at the end. */
static bool next_call(char **calls, const char **name, unsigned *number)
{
	char *word = strsep(calls, " ");
	char *equals = word ? strchr(word, '=') : NULL;

	if (!word || !*word)
		return false;
	*number = 0;
	if (equals) {
		*equals = '\0';
		*number = (unsigned)strtoul(equals + 1, NULL, 10);
		if (*number < 424 || *number > SYSCALLS_CEILING)
			die("%s: numbers below 424 differ between architectures", word);
	}
	*name = word;
	return true;
}

static size_t export_rules(unsigned profile, bool second, struct sock_filter *out, size_t room)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	own_file FILE *file = tmpfile();
	size_t length;

	if (!ctx || !file)
		die("no memory, or no temporary file");
	if (second && seccomp_arch_add(ctx, SCMP_ARCH_X86) < 0)
		die("cannot add the 32-bit architecture");
	/* 2: a binary tree; a linear filter takes three times as long to load */
	if (seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0 ||
		seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) < 0)
		die("this libseccomp is too old (2.5 is needed)");
	for (size_t i = 0; i < syscalls_rules_count; i++) {
		own_text char *calls = strdup(syscalls_rules[i].calls);
		char *rest = calls;
		const char *name;
		unsigned number;

		if (!(syscalls_rules[i].profiles & profile) || syscalls_rules[i].action == 0)
			continue;
		while (next_call(&rest, &name, &number)) {
			if (number == 0)
				add_rule(ctx, &syscalls_rules[i], name);
		}
	}
	if (seccomp_export_bpf(ctx, fileno(file)) < 0)
		die("cannot export the filter");
	seccomp_release(ctx);
	rewind(file);
	length = fread(out, sizeof *out, room, file);
	if (ferror(file) || fgetc(file) != EOF)
		die("the filter does not fit into %zu instructions", room);
	return length;
}

/* --- the ceiling, by hand --------------------------------------------------------------- */

#define LOAD(field)                                                                                \
	((struct sock_filter)BPF_STMT(                                                             \
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field)))
#define JUMP(test, k, yes, no) ((struct sock_filter)BPF_JUMP(BPF_JMP | (test) | BPF_K, k, yes, no))
#define REFUSE(num)                                                                                \
	((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)(num)))

/* The calls with numbers: each is two instructions. */
static size_t numbered_calls(unsigned profile, struct sock_filter *out, unsigned *lowest)
{
	size_t length = 0;

	for (size_t i = 0; i < syscalls_rules_count; i++) {
		own_text char *calls = strdup(syscalls_rules[i].calls);
		char *rest = calls;
		const char *name;
		unsigned number;

		if (!(syscalls_rules[i].profiles & profile) || syscalls_rules[i].action == 0)
			continue;
		while (next_call(&rest, &name, &number)) {
			if (number == 0)
				continue;
			if (syscalls_rules[i].conditions[0].kind != COND_NONE)
				die("%s: a call given by number cannot have conditions", name);
			if (number < *lowest)
				*lowest = number;
			out[length++] = JUMP(BPF_JEQ, number, 0, 1);
			out[length++] = REFUSE(syscalls_rules[i].action);
		}
	}
	return length;
}

static size_t make_ceiling(unsigned profile, bool second, struct sock_filter *out)
{
	struct sock_filter numbered[2 * SYSCALLS_CEILING];
	unsigned lowest = SYSCALLS_CEILING;
	size_t count = numbered_calls(profile, numbered, &lowest);
	size_t length = 0;

	if (count > 255)
		die("a jump over %zu instructions is too far", count);
	/* libseccomp's tokens are the kernel's AUDIT_ARCH_ numbers */
	out[length++] = LOAD(arch);
	if (second)
		out[length++] = JUMP(BPF_JEQ, SCMP_ARCH_X86, 2, 0);
	out[length++] = JUMP(BPF_JEQ, seccomp_arch_native(), 1, 0);
	out[length++] = REFUSE(ENOSYS);
	out[length++] = LOAD(nr);
	/* numbers are unsigned here: -1 and all with the x32 bit are far above */
	out[length++] = JUMP(BPF_JGT, SYSCALLS_CEILING, 0, 1);
	out[length++] = REFUSE(ENOSYS);
	/* most calls are older than all of these and go by in one comparison */
	out[length++] = JUMP(BPF_JGE, lowest, 0, (unsigned char)count);
	memcpy(out + length, numbered, count * sizeof *out);
	return length + count;
}

/* --- C ---------------------------------------------------------------------------------- */

static void print_filter(const char *name, const struct sock_filter *filter, size_t length)
{
	printf("static const struct sock_filter filter_%s[] = {\n", name);
	for (size_t i = 0; i < length; i++)
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", filter[i].code, filter[i].jt,
			filter[i].jf, filter[i].k);
	printf("};\n\n");
}

static void print_doc(const struct syscalls_rule *rule)
{
	own_text char *calls = strdup(rule->calls);
	char *rest = calls;
	const char *divider = "";
	const char *name;
	unsigned number;

	if (strpbrk(rule->reason, "\"\\") || strpbrk(rule->breaks, "\"\\"))
		die("quotes and backslashes in a rule's text are not escaped here");
	printf("\t{ \"");
	while (next_call(&rest, &name, &number)) {
		printf("%s%s", divider, name);
		divider = ", ";
	}
	printf("%s%s\", \"%s\",\n\t\t\"%s\",\n\t\t\"%s\", \"",
		*rule->calls && *rule->when ? ": " : "", rule->when,
		rule->action ? strerrorname_np(rule->action) : "allowed", rule->reason,
		rule->breaks);
	divider = "";
	for (unsigned p = 0; p < SYSCALLS_RULE_PROFILES; p++) {
		if (!(rule->profiles >> p & 1))
			continue;
		printf("%s%s", divider, syscalls_rule_profiles[p]);
		divider = " ";
	}
	printf("\" },\n");
}

int main(void)
{
	printf("/* made by syscalls_generate from syscalls_rules.c */\n\n");
	for (unsigned p = 0; p < SYSCALLS_RULE_PROFILES; p++) {
		static struct sock_filter filter[BPF_MAXINSNS];
		unsigned profile = 1u << p;
		/* elsewhere there is no second architecture that we have judged */
		bool second = profile == IN_COMPAT32 && seccomp_arch_native() == SCMP_ARCH_X86_64;
		size_t length = make_ceiling(profile, second, filter);

		length += export_rules(profile, second, filter + length, BPF_MAXINSNS - length);
		print_filter(syscalls_rule_profiles[p], filter, length);
	}
	printf("const struct syscalls_rule_doc syscalls_rule_docs[] = {\n");
	for (size_t i = 0; i < syscalls_rules_count; i++)
		print_doc(&syscalls_rules[i]);
	printf("};\n");
	if (fflush(stdout) != 0)
		die("cannot write: %s", strerror(errno));
	return 0;
}
