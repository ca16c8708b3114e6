#include "tarot.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "own.h"
#include "text.h"

static const char *const majors[] = { "fool", "magician", "high-priestess", "empress", "emperor",
	"hierophant", "lovers", "chariot", "strength", "hermit", "wheel", "justice", "hanged-man",
	"death", "temperance", "devil", "tower", "star", "moon", "sun", "judgment", "world" };
static const char *const ranks[] = { "ace", "two", "three", "four", "five", "six", "seven", "eight",
	"nine", "ten", "page", "knight", "queen", "king" };
static const char *const suits[] = { "swords", "wands", "pentacles", "cups" };

_Static_assert(ARRAY_SIZE(majors) + ARRAY_SIZE(ranks) * ARRAY_SIZE(suits) == TAROT_CARDS,
	"a deck has 78 cards");

int tarot_card(unsigned index, char *buf, size_t size)
{
	if (index < ARRAY_SIZE(majors))
		return text_format(buf, size, "%s", majors[index]);
	index -= ARRAY_SIZE(majors);
	if (index < ARRAY_SIZE(ranks) * ARRAY_SIZE(suits))
		return text_format(buf, size, "%s-of-%s", ranks[index % ARRAY_SIZE(ranks)],
			suits[index / ARRAY_SIZE(ranks)]);
	if (size > 0)
		buf[0] = '\0';
	errno = ERANGE;
	return -1;
}

/* A number below TAROT_CARDS, each equally likely; or -1 with errno. */
static int random_card(void)
{
	/* the bytes above the last whole multiple are thrown away, or low cards would come more often */
	const unsigned char bound = 256 / TAROT_CARDS * TAROT_CARDS;
	unsigned char byte;

	do {
		ssize_t got = getrandom(&byte, sizeof byte, 0);

		if (got < 0 && errno == EINTR)
			byte = bound;
		else if (got < 0)
			return -1;
	} while (byte >= bound);
	return byte % TAROT_CARDS;
}

int tarot_draw(unsigned ahead, char name[TAROT_NAME], struct error *err)
{
	char card[TAROT_NAME];
	struct timespec now;
	int drawn = random_card();

	if (drawn < 0)
		return fail(err, errno, NULL, "cannot get a random number for the session's name");
	if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
		return fail(err, errno, NULL, "cannot read the clock for the session's name");
	if (tarot_card((unsigned)drawn, card, sizeof card) < 0 ||
		text_format(name, TAROT_NAME, "%05lx-%s", (unsigned long)now.tv_sec + ahead, card) < 0)
		return fail(err, errno, NULL, "the session's name does not fit");
	return 0;
}

bool tarot_is_name(const char *text)
{
	char card[TAROT_NAME];
	size_t digits = strspn(text, "0123456789abcdef");

	if (digits < 5 || digits > 13 || text[digits] != '-')
		return false;
	for (unsigned i = 0; i < TAROT_CARDS; i++) {
		if (tarot_card(i, card, sizeof card) >= 0 && text_equal(text + digits + 1, card))
			return true;
	}
	return false;
}
