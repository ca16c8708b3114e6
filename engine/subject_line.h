#pragma once
/* subject_line: what subject.c and the program contained-subject agree on, private to the two. */

enum {
	SUBJECT_GROUPS_MAX = 65536, /* NGROUPS_MAX */
	/* 65536 lines of "group 4294967295 " and a name of 64, and the few before them */
	SUBJECT_ANSWER_MAX = 6 << 20,
};
