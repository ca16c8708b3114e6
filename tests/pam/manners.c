/*
 * manners: a PAM application that looks at itself before and after our module ran in it.
 *
 *	manners CONFDIR USER SCENARIO
 *
 * CONFDIR holds the PAM services "good", "broken" and "systemd-user". Prints "ok NAME" and "not ok NAME" lines,
 * which tests/pam/manners.sh counts. One scenario a process, because there is no way back out of a session.
 */
#include <pthread.h>
#include <security/pam_appl.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "look.h"

static const char *confdir, *user;
static char heard[1024];
static volatile sig_atomic_t children_signalled;

static int converse(
	int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
	(void)data;
	for (int i = 0; i < count; i++) {
		size_t used = strlen(heard);

		(void)snprintf(heard + used, sizeof heard - used, "%s\n", messages[i]->msg);
	}
	*responses = calloc((size_t)count, sizeof **responses);
	return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static const struct pam_conv conversation = { converse, NULL };

static pam_handle_t *start(const char *service)
{
	pam_handle_t *pamh = NULL;
	int result = pam_start_confdir(service, user, &conversation, confdir, &pamh);

	if (result != PAM_SUCCESS) {
		printf("not ok pam_start_confdir: %d\n", result);
		exit(1);
	}
	(void)pam_set_item(pamh, PAM_RHOST, "192.0.2.7");
	return pamh;
}

static void on_child(int number)
{
	(void)number;
	children_signalled++;
}

/* A child of the application's own, which nobody else may wait for. */
static pid_t own_child(int *gate)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		exit(1);
	pid = fork();
	if (pid == 0) {
		char byte;

		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 0 ? 42 : 1);
	}
	close(ends[0]);
	*gate = ends[1];
	return pid;
}

static void check_children(const char *name, pid_t own, int gate)
{
	char label[96];
	int status = 0;
	pid_t found = waitpid(-1, &status, WNOHANG | __WALL);

	(void)snprintf(label, sizeof label, "%s: no child but the application's own", name);
	say(found == 0, label, "waitpid gave %d", (int)found);
	(void)close(gate);
	(void)snprintf(
		label, sizeof label, "%s: the application's child is its own to wait for", name);
	found = waitpid(own, &status, 0);
	say(found == own && WIFEXITED(status) && WEXITSTATUS(status) == 42, label, "status 0x%x",
		(unsigned)status);
}

/* --- the scenarios ---------------------------------------------------------------------------------- */

static void open_and_close(void)
{
	static struct snapshot before, during, after;
	struct sigaction action = { .sa_handler = on_child, .sa_flags = SA_RESTART };
	pam_handle_t *pamh = start("good");
	int gate, result, added = 0, directories = 0, inherited = 0;
	pid_t own = own_child(&gate);

	(void)sigaction(SIGCHLD, &action, NULL);
	(void)umask(031);
	look(&before);
	result = pam_open_session(pamh, 0);
	say(result == PAM_SUCCESS, "open", "%s", pam_strerror(pamh, result));
	look(&during);
	compare("after open", &before, &during);
	for (int fd = 0; fd < FDS; fd++) {
		if (before.files[fd].open || !during.files[fd].open)
			continue;
		added++;
		directories += S_ISDIR(during.files[fd].mode);
		inherited += !(during.files[fd].flags & FD_CLOEXEC);
	}
	say(added <= 2, "after open: files that stay", "%d", added);
	say(directories == 0, "after open: directories among them", "%d", directories);
	say(inherited == 0, "after open: without close-on-exec", "%d", inherited);
	say(children_signalled == 0,
		"after open: SIGCHLD for children the application does not know", "%d",
		(int)children_signalled);
	result = pam_close_session(pamh, 0);
	say(result == PAM_SUCCESS, "close", "%s", pam_strerror(pamh, result));
	result = pam_close_session(pamh, 0);
	say(result == PAM_SUCCESS, "close again", "%s", pam_strerror(pamh, result));
	look(&after);
	compare("after close", &before, &after);
	(void)signal(SIGCHLD, SIG_DFL);
	check_children("after close", own, gate);
	before.files[gate].open = false;
	(void)pam_end(pamh, PAM_SUCCESS);
	look_at_files(after.files);
	memset(&before.files[gate], 0, sizeof before.files[gate]);
	compare_files("after the end", &before, &after);
}

static void refused(const char *service)
{
	static struct snapshot before, after;
	pam_handle_t *pamh = start(service);
	int gate, result;
	pid_t own = own_child(&gate);

	look(&before);
	result = pam_open_session(pamh, 0);
	say(result != PAM_SUCCESS, "refused", "%s", pam_strerror(pamh, result));
	look(&after);
	compare_all("after the refusal", &before, &after);
	(void)pam_close_session(
		pamh, 0); /* libpam remembers the refusal, and decides what this returns */
	check_children("after the refusal", own, gate);
	/* one calm sentence */
	say(strchr(heard, '\n') == strrchr(heard, '\n'), "what the user is told", "%s",
		heard[0] ? heard : "nothing");
	(void)pam_end(pamh, PAM_SUCCESS);
}

static void *sleep_on(void *unused)
{
	(void)pause();
	return unused;
}

static void start_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, sleep_on, NULL) != 0)
		exit(1);
}

static void threads(void)
{
	start_thread();
	refused("good");
}

/* Who is left alone needs no namespaces, and the threads do not matter. */
static void threads_alone(void)
{
	struct utsname before, after;
	pam_handle_t *pamh = start("good");
	int result;

	start_thread();
	(void)uname(&before);
	result = pam_open_session(pamh, 0);
	say(result == PAM_SUCCESS, "open", "%s", pam_strerror(pamh, result));
	(void)uname(&after);
	say(strcmp(before.nodename, after.nodename) == 0, "the hostname", "%s", after.nodename);
	(void)pam_close_session(pamh, 0);
	(void)pam_end(pamh, PAM_SUCCESS);
}

/* Is the session alive? Once its PID 1 is dead, no process can be made in its namespace. */
static bool alive(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void in_child(const char *name, pam_handle_t *pamh, void (*act)(pam_handle_t *))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		act(pamh);
		_exit(0);
	}
	(void)waitpid(pid, &status, 0);
	(void)usleep(300000); /* for a session that ends, to end */
	say(status == 0 && alive(), name, "status 0x%x", (unsigned)status);
}

static void end_silently(pam_handle_t *pamh)
{
	(void)pam_end(pamh, PAM_SUCCESS | PAM_DATA_SILENT);
}

static void end_loudly(pam_handle_t *pamh)
{
	(void)pam_end(pamh, PAM_SUCCESS);
}

static void close_there(pam_handle_t *pamh)
{
	(void)pam_close_session(pamh, 0);
	(void)pam_end(pamh, PAM_SUCCESS);
}

static void forks(void)
{
	pam_handle_t *pamh = start("good");
	int result = pam_open_session(pamh, 0);

	say(result == PAM_SUCCESS, "open", "%s", pam_strerror(pamh, result));
	say(alive(), "the session lives", "%s", "");
	in_child("a forked child's pam_end, silent, leaves the session alone", pamh, end_silently);
	in_child("a forked child's pam_end leaves the session alone", pamh, end_loudly);
	in_child("a forked child's close leaves the session alone", pamh, close_there);
	(void)pam_close_session(pamh, 0);
	say(!alive(), "the opener's close ends it", "%s", "");
	(void)pam_end(pamh, PAM_SUCCESS);
}

static void twice(void)
{
	pam_handle_t *pamh = start("good"), *second;
	char name[65] = "", later[65] = "";
	int result = pam_open_session(pamh, 0);

	say(result == PAM_SUCCESS, "open", "%s", pam_strerror(pamh, result));
	(void)gethostname(name, sizeof name - 1);
	result = pam_open_session(pamh, 0);
	say(result == PAM_SUCCESS, "open again", "%s", pam_strerror(pamh, result));
	second = start("good");
	result = pam_open_session(second, 0);
	say(result == PAM_SUCCESS, "open by another handle, inside", "%s",
		pam_strerror(second, result));
	(void)gethostname(later, sizeof later - 1);
	say(strcmp(name, later) == 0, "it is the same session", "%s, then %s", name, later);
	(void)pam_close_session(second, 0);
	(void)pam_end(second, PAM_SUCCESS);
	say(alive(), "the inner handle's close leaves the session alone", "%s", "");
	(void)pam_close_session(pamh, 0);
	(void)pam_end(pamh, PAM_SUCCESS);
}

/* With few fds left, a login works or is refused; it does not crash and is not half contained. */
static void few_files(void)
{
	int opened = 0, turned_away = 0, crashed = 0;

	for (rlim_t limit = 4; limit < 44; limit++) {
		int status = -1;
		pid_t pid = fork();

		if (pid == 0) {
			struct rlimit few = { limit, 4096 };
			char inside[65] = "", outside[65] = "";
			pam_handle_t *pamh = start("good");
			int result;

			(void)gethostname(outside, sizeof outside - 1);
			(void)setrlimit(RLIMIT_NOFILE, &few);
			result = pam_open_session(pamh, 0);
			(void)gethostname(inside, sizeof inside - 1);
			if (result == PAM_SUCCESS)
				_exit(strcmp(inside, outside) != 0 ? 10 : 12);
			_exit(11);
		}
		(void)waitpid(pid, &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 10)
			opened++;
		else if (WIFEXITED(status) && WEXITSTATUS(status) == 11)
			turned_away++;
		else
			crashed++;
	}
	say(crashed == 0, "few files: neither in nor refused", "%d", crashed);
	say(opened > 0 && turned_away > 0, "few files: both happen", "%d in, %d refused", opened,
		turned_away);
}

/* A host that closed its standard files, ignores SIGCHLD and blocks everything. */
static void austere(void)
{
	static struct snapshot before, after;
	pam_handle_t *pamh = start("good");
	int result, out = fcntl(1, F_DUPFD_CLOEXEC, 100);
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)signal(SIGCHLD, SIG_IGN);
	(void)close(0);
	(void)close(1);
	(void)close(2);
	look(&before);
	result = pam_open_session(pamh, 0);
	(void)pam_close_session(pamh, 0);
	look(&after);
	(void)dup2(out, 1);
	say(result == PAM_SUCCESS, "open", "%s", pam_strerror(pamh, result));
	compare("closed files, ignored SIGCHLD, all blocked", &before, &after);
	compare_files("closed files, ignored SIGCHLD, all blocked", &before, &after);
	(void)pam_end(pamh, PAM_SUCCESS);
}

int main(int argc, char **argv)
{
	const struct {
		const char *name;
		void (*run)(void);
	} scenarios[] = { { "open", open_and_close }, { "threads", threads },
		{ "threads-alone", threads_alone }, { "forks", forks },
		{ "twice", twice }, { "few", few_files }, { "austere", austere } };

	if (argc != 4)
		return 2;
	confdir = argv[1];
	user = argv[2];
	if (chdir("/") < 0)
		return 2;
	for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
		if (strcmp(argv[3], scenarios[i].name) == 0) {
			scenarios[i].run();
			return bad != 0;
		}
	}
	refused(argv[3]); /* the name of a service */
	return bad != 0;
}
