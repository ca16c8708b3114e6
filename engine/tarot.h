#pragma once
/*
 * tarot: names of sessions, such as 05fe5c-three-of-pentacles: %05lx of a clock's seconds, a
 * dash, one of 78 cards. At most 5+8 hex digits and 20 letters: always a valid hostname label
 * (RFC 1123).
 */
#include <stdbool.h>
#include <stddef.h>

#include "error.h"

enum { TAROT_CARDS = 78, TAROT_NAME = 64 };

/* Card 0..77 ("fool" … "king-of-cups"); majors first. Out of range: an empty text. */
int tarot_card(unsigned index, char *buf, size_t size);
/*
 * A fresh name: monotonic seconds and a card from the kernel's random source. ahead: seconds to add, where the
 * present second's cards are all dealt. 0, or -1 and err.
 */
int tarot_draw(unsigned ahead, char name[TAROT_NAME], struct error *err);
/* Has this text the form of a session's name? */
bool tarot_is_name(const char *text);
