#pragma once
/* original: contained -m ROOTFS -u UID -c COMMAND…, the program this grew from. */

/* argv[0]: the program's name. The exit status: the command's, 128 + n for a signal; 125 to 127 where it was not run. */
int command_original(int argc, char **argv);
