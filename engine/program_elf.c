#include "program_elf.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "own.h"

enum {
	HEADERS_MAX = 512,  /* program headers; real programs have about a dozen */
	DYNAMIC_MAX = 2048, /* entries of the dynamic section; real ones have about thirty */
	NEEDED_MAX = 256,
	NAME_MAX_ELF = 256, /* a library's name with its NUL */
};

/* A file being read. */
struct reader {
	int fd;
	const char *path;
	bool wide; /* ELFCLASS64 */
	struct error *err;
};

/* A program header, of either class. */
struct segment {
	uint32_t type;
	uint64_t offset, address, size; /* size in the file */
};

/* The parts of the dynamic section that matter, of either class. */
struct dynamic {
	uint64_t strings, strings_size; /* address of the string table */
	bool has_strings, has_rpath, has_runpath;
	uint64_t rpath, runpath;     /* offsets in the string table */
	uint64_t needed[NEEDED_MAX]; /* the same */
	size_t needed_count;
};

static int malformed(const struct reader *reader, const char *what)
{
	(void)fail(reader->err, ENOEXEC, reader->path, "is a damaged ELF file: %s", what);
	return error_hint(reader->err, "copy it again, or compare it with its package");
}

/* Exactly size bytes at offset. 0, or -1 and the error. */
static int read_at(
	const struct reader *reader, uint64_t offset, void *buf, size_t size, const char *what)
{
	size_t done = 0;

	if (offset > INT64_MAX - size)
		return malformed(reader, what);
	while (done < size) {
		ssize_t got =
			pread(reader->fd, (char *)buf + done, size - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(reader->err, errno, reader->path, "cannot read");
		if (got == 0)
			return malformed(reader, what);
		done += (size_t)got;
	}
	return 0;
}

/*
 * A text of at most size - 1 bytes that ends with a NUL within `room` bytes from offset. The file
 * may end before room does.
 */
static int read_text(const struct reader *reader, uint64_t offset, uint64_t room, char *buf,
	size_t size, const char *what)
{
	size_t want = room < size ? (size_t)room : size, done = 0;

	if (offset > INT64_MAX - want)
		return malformed(reader, what);
	while (done < want) {
		ssize_t got = pread(reader->fd, buf + done, want - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(reader->err, errno, reader->path, "cannot read");
		if (got == 0)
			break;
		if (memchr(buf + done, '\0', (size_t)got))
			return 0;
		done += (size_t)got;
	}
	return malformed(reader, what);
}

static int read_segment(
	const struct reader *reader, uint64_t table, size_t index, struct segment *out)
{
	static const char what[] = "its program headers are cut off";

	if (reader->wide) {
		Elf64_Phdr header;

		if (read_at(reader, table + index * sizeof header, &header, sizeof header, what) <
			0)
			return -1;
		*out = (struct segment){ .type = header.p_type,
			.offset = header.p_offset,
			.address = header.p_vaddr,
			.size = header.p_filesz };
	} else {
		Elf32_Phdr header;

		if (read_at(reader, table + index * sizeof header, &header, sizeof header, what) <
			0)
			return -1;
		*out = (struct segment){ .type = header.p_type,
			.offset = header.p_offset,
			.address = header.p_vaddr,
			.size = header.p_filesz };
	}
	return 0;
}

static int read_dynamic_entry(
	const struct reader *reader, uint64_t offset, size_t index, int64_t *tag, uint64_t *value)
{
	static const char what[] = "its dynamic section is cut off";

	if (offset > INT64_MAX)
		return malformed(reader, what);
	if (reader->wide) {
		Elf64_Dyn entry;

		if (read_at(reader, offset + index * sizeof entry, &entry, sizeof entry, what) < 0)
			return -1;
		*tag = entry.d_tag;
		*value = entry.d_un.d_val;
	} else {
		Elf32_Dyn entry;

		if (read_at(reader, offset + index * sizeof entry, &entry, sizeof entry, what) < 0)
			return -1;
		*tag = entry.d_tag;
		*value = entry.d_un.d_val;
	}
	return 0;
}

static int read_dynamic(
	const struct reader *reader, const struct segment *segment, struct dynamic *out)
{
	size_t entry = reader->wide ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
	uint64_t count = segment->size / entry, value = 0;
	int64_t tag = 0;

	for (size_t i = 0; i < count; i++) {
		if (i == DYNAMIC_MAX)
			return malformed(reader, "its dynamic section is too long");
		if (read_dynamic_entry(reader, segment->offset, i, &tag, &value) < 0)
			return -1;
		switch (tag) {
		case DT_NULL:
			return 0;
		case DT_NEEDED:
			if (out->needed_count == NEEDED_MAX)
				return malformed(reader, "it needs too many libraries");
			out->needed[out->needed_count++] = value;
			break;
		case DT_STRTAB:
			out->has_strings = true;
			out->strings = value;
			break;
		case DT_STRSZ:
			out->strings_size = value;
			break;
		case DT_RPATH:
			out->has_rpath = true;
			out->rpath = value;
			break;
		case DT_RUNPATH:
			out->has_runpath = true;
			out->runpath = value;
			break;
		}
	}
	return 0; /* the loader would miss DT_NULL; what is there is known all the same */
}

/* The table holds addresses; the file is told by the segment that would be loaded there. */
static int find_offset(const struct reader *reader, uint64_t table, size_t count, uint64_t address,
	uint64_t size, uint64_t *offset)
{
	for (size_t i = 0; i < count; i++) {
		struct segment segment;

		if (read_segment(reader, table, i, &segment) < 0)
			return -1;
		if (segment.type != PT_LOAD || address < segment.address ||
			address - segment.address > segment.size ||
			size > segment.size - (address - segment.address))
			continue;
		if (__builtin_add_overflow(segment.offset, address - segment.address, offset))
			break;
		return 0;
	}
	return malformed(reader, "its string table is outside of what is loaded");
}

static int copy_path(
	const struct reader *reader, uint64_t strings, uint64_t size, uint64_t at, char **out)
{
	own_text char *buf = NULL;

	if (at >= size)
		return malformed(reader, "a search path is outside of its string table");
	buf = malloc(ELF_PATH_MAX);
	if (!buf)
		return fail(reader->err, ENOMEM, reader->path, "cannot read");
	if (read_text(reader, strings + at, size - at, buf, ELF_PATH_MAX,
		    "a search path has no end") < 0)
		return -1;
	*out = take_pointer(buf);
	return 0;
}

static int copy_strings(const struct reader *reader, const struct dynamic *dynamic,
	uint64_t strings, struct program_elf *out)
{
	uint64_t size = dynamic->strings_size;

	for (size_t i = 0; i < dynamic->needed_count; i++) {
		uint64_t at = dynamic->needed[i];
		char name[NAME_MAX_ELF];

		if (at >= size)
			return malformed(reader, "a library's name is outside of its string table");
		if (read_text(reader, strings + at, size - at, name, sizeof name,
			    "a library's name has no end") < 0)
			return -1;
		if (!name[0])
			return malformed(reader, "a library's name is empty");
		if (list_add(&out->needed, name) < 0)
			return fail(reader->err, ENOMEM, reader->path, "cannot read");
	}
	if (dynamic->has_rpath && copy_path(reader, strings, size, dynamic->rpath, &out->rpath) < 0)
		return -1;
	if (dynamic->has_runpath &&
		copy_path(reader, strings, size, dynamic->runpath, &out->runpath) < 0)
		return -1;
	return 0;
}

static int read_segments(
	const struct reader *reader, uint64_t table, size_t count, struct program_elf *out)
{
	struct dynamic dynamic = { 0 };
	uint64_t strings = 0;

	for (size_t i = 0; i < count; i++) {
		struct segment segment;

		if (read_segment(reader, table, i, &segment) < 0)
			return -1;
		/* the kernel takes the first PT_INTERP (fs/binfmt_elf.c) */
		if (segment.type == PT_INTERP && !out->interp[0] &&
			read_text(reader, segment.offset, segment.size, out->interp,
				sizeof out->interp, "its loader's name has no end") < 0)
			return -1;
		if (segment.type == PT_DYNAMIC && !dynamic.has_strings &&
			read_dynamic(reader, &segment, &dynamic) < 0)
			return -1;
	}
	if (!dynamic.needed_count && !dynamic.has_rpath && !dynamic.has_runpath)
		return 0;
	if (!dynamic.has_strings)
		return malformed(reader, "its dynamic section has no string table");
	if (find_offset(reader, table, count, dynamic.strings, dynamic.strings_size, &strings) < 0)
		return -1;
	if (strings > INT64_MAX || dynamic.strings_size > INT64_MAX - strings)
		return malformed(reader, "its string table is out of range");
	return copy_strings(reader, &dynamic, strings, out);
}

bool program_elf_magic(const void *bytes, size_t length)
{
	return length >= SELFMAG && memcmp(bytes, ELFMAG, SELFMAG) == 0;
}

static int read_header(
	struct reader *reader, struct program_elf *out, uint64_t *table, size_t *count)
{
	const unsigned char native = __BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;
	static const char what[] = "its header is cut off";
	unsigned char ident[EI_NIDENT];
	bool sized;

	if (read_at(reader, 0, ident, sizeof ident, what) < 0)
		return -1;
	if (!program_elf_magic(ident, sizeof ident))
		return fail(reader->err, ENOEXEC, reader->path, "is not an ELF file");
	out->class = ident[EI_CLASS];
	if (out->class != ELFCLASS32 && out->class != ELFCLASS64)
		return malformed(reader, "it is neither 32 nor 64 bit");
	if (ident[EI_DATA] != native)
		return fail(reader->err, ENOEXEC, reader->path, "is built for another processor");
	reader->wide = out->class == ELFCLASS64;
	if (reader->wide) {
		Elf64_Ehdr header;

		if (read_at(reader, 0, &header, sizeof header, what) < 0)
			return -1;
		out->machine = header.e_machine;
		*table = header.e_phoff;
		*count = header.e_phnum;
		sized = header.e_phentsize == sizeof(Elf64_Phdr);
	} else {
		Elf32_Ehdr header;

		if (read_at(reader, 0, &header, sizeof header, what) < 0)
			return -1;
		out->machine = header.e_machine;
		*table = header.e_phoff;
		*count = header.e_phnum;
		sized = header.e_phentsize == sizeof(Elf32_Phdr);
	}
	/* the bound on the table keeps sums of offsets within it from wrapping */
	if (*table > INT64_MAX)
		return malformed(reader, "its program headers are cut off");
	if (!sized || !*count || *count > HEADERS_MAX)
		return malformed(reader, "its program headers have an impossible size or number");
	return 0;
}

int program_elf_read(int fd, const char *path, struct program_elf *out, struct error *err)
{
	struct reader reader = { .fd = fd, .path = path, .err = err };
	struct program_elf elf = { 0 };
	uint64_t table = 0;
	size_t count = 0;

	if (read_header(&reader, &elf, &table, &count) < 0 ||
		read_segments(&reader, table, count, &elf) < 0) {
		program_elf_free(&elf);
		return -1;
	}
	*out = elf;
	return 0;
}

void program_elf_free(struct program_elf *elf)
{
	list_free(&elf->needed);
	free(elf->rpath);
	free(elf->runpath);
	*elf = (struct program_elf){ 0 };
}
