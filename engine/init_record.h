#pragma once
/*
 * init_record: what the session process hands to the watcher for the host's utmp, wtmp and lastlog (utmp(5)), as
 * the state file STATE_RECORD. The layouts are glibc's; record.c holds them against its headers while compiling.
 *
 * Shared with contained-init, hence without any system header.
 */

/* seconds end in 2038 where glibc keeps the layout of 32-bit programs */
#if defined(__x86_64__)
typedef int record_time;
#else
typedef long record_time;
#endif

enum record_type { RECORD_NONE = 0, RECORD_USER = 7, RECORD_DEAD = 8 }; /* EMPTY, USER_PROCESS, DEAD_PROCESS */

/* struct utmp. Texts that fill their field have no terminator. */
struct record_entry {
	short type;
	int pid;       /* the session process, as the host numbers it */
	char line[32]; /* the session's name, where others have the terminal */
	char id[4];    /* what tells the entries of utmp apart: one of RECORD_MARKS and 22 bits in all of the pid */
	char user[32];
	char host[256];
	short exit[2];
	record_time session;
	record_time seconds, microseconds; /* since 1970 */
	int address[4];                    /* of the remote host, network order; IPv4 in the first word */
	char unused[20];
};

/* struct lastlog: the entry of a uid stands at uid times the size. */
struct record_last {
	record_time seconds;
	char line[32];
	char host[256];
};

struct record {
	struct record_entry entry; /* type RECORD_NONE: the session gets no record */
	unsigned uid;
	char service[28]; /* of PAM; with a terminator */
	/* wtmpdb's number of the login, 0 while it has none, RECORD_CLOSED once its end is written: contained-record's */
	long long number;
};
enum { RECORD_CLOSED = -1 };

/*
 * First bytes of our ids. Terminals, displays and runlevels give letters, digits, '/', ':', '~' and '?' to those of
 * getty, sshd, screen and init: an entry that begins like this is ours, and once it is dead we may have it again.
 */
#define RECORD_MARKS "!#$%&()*+,;<=>@^"
