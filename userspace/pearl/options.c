// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define MIB (1ULL << 20)
#define PAGE_BYTES 4096ULL
#define LEAST_MEMORY (64 * MIB)
#define DEFAULT_MEMORY (512 * MIB)
#define DEFAULT_DEVICE "/dev/nacre"
#define DEFAULT_CMDLINE "console=ttyS0"
#define HVC_CMDLINE "console=hvc0"
#define COMMANDS "run, --help, --version"

const char pearl_help[] =
"usage: pearl run --kernel FILE [OPTION]...\n"
"       pearl --help | --version\n"
"\n"
"Run a Linux kernel in a virtual machine. Its console is standard input and\n"
"output.\n"
"\n"
"  --kernel FILE   a bzImage with a 64-bit entry point (Linux 3.8 or newer)\n"
"  --initrd FILE   an initial RAM disk\n"
"  --cmdline TEXT  the kernel's command line (default: " DEFAULT_CMDLINE ")\n"
"  --mem SIZE      memory, with K, M or G (default: 512M, at least 64M)\n"
"  --cpus N        processors, 1 to 64 (default: 1)\n"
"  --console WHICH serial, or virtio for hvc0 (default: serial)\n"
"  --disk FILE[,readonly]\n"
"                  a disk; up to 6 times\n"
"  --stats FILE    what the devices have done, written when the guest ends\n"
"  --device NODE   the hypervisor's node (default: " DEFAULT_DEVICE ")\n"
"\n"
"On a terminal, Ctrl-A is the escape key: Ctrl-A x leaves, Ctrl-A h shows\n"
"help, Ctrl-A a sends a Ctrl-A to the guest.\n"
"\n"
"Exit status:\n"
"  0  the guest switched itself off\n"
"  1  pearl failed; standard error says why\n"
"  2  wrong usage\n"
"  3  the guest asked for a reset\n"
"  4  the guest crashed: a triple fault, or it cannot be run on\n"
"  5  left by Ctrl-A x\n"
"  128 + N  ended by signal N\n";

__attribute__((format(printf, 2, 3)))
static int wrong(struct pearl_usage_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	return -1;
}

/* What a unit multiplies by, 0 if there is no such unit. */
static uint64_t unit(const char *text)
{
	static const char units[] = "KMG";
	const char *at;

	if (!text[0] || text[1])
		return 0;
	at = strchr(units, text[0] & ~0x20);
	return at ? 1024ULL << 10 * (at - units) : 0;
}

static int parse_size(const char *text, uint64_t most, uint64_t *size,
		      struct pearl_usage_error *error)
{
	unsigned long long number;
	uint64_t factor;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	factor = unit(end);
	if (text[0] < '0' || text[0] > '9' || !factor)
		return wrong(error,
			     "--mem %.200s: not a size: a number with K, M or G, as in 512M",
			     text);
	if (errno || number > most / factor)
		return wrong(error,
			     "--mem %.200s: too much: this machine has %lluM",
			     text, (unsigned long long)(most / MIB));
	*size = number * factor;
	if (*size < LEAST_MEMORY)
		return wrong(error, "--mem %.200s: too little: at least %lluM",
			     text, LEAST_MEMORY / MIB);
	if (*size % PAGE_BYTES)
		return wrong(error, "--mem %.200s: not a multiple of 4K", text);
	return 0;
}

static int parse_cpus(const char *text, unsigned int *cpus,
		      struct pearl_usage_error *error)
{
	unsigned long number;
	char *end;

	number = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || !number ||
	    number > PEARL_MOST_CPUS)
		return wrong(error, "--cpus %.200s: not a number from 1 to %d",
			     text, PEARL_MOST_CPUS);
	*cpus = number;
	return 0;
}

static int parse_console(const char *text, bool *hvc,
			 struct pearl_usage_error *error)
{
	*hvc = !strcmp(text, "virtio");
	if (*hvc || !strcmp(text, "serial"))
		return 0;
	return wrong(error, "--console %.200s: neither serial nor virtio",
		     text);
}

static int parse_disk(const char *text, struct pearl_disk *disk,
		      struct pearl_usage_error *error)
{
	static const char suffix[] = ",readonly";
	size_t length = strlen(text), tail = sizeof(suffix) - 1;

	disk->readonly = length >= tail && !strcmp(text + length - tail, suffix);
	if (disk->readonly)
		length -= tail;
	if (!length)
		return wrong(error, "--disk: the file's name is empty");
	if (length >= sizeof(disk->path))
		return wrong(error, "--disk %.200s: the file's name is too long",
			     text);
	memcpy(disk->path, text, length);
	disk->path[length] = '\0';
	return 0;
}

/* An option of `run`, what it wants, how often, and where that goes. */
struct option {
	const char *name;
	const char *wants;
	unsigned int most;
	const char **values;
};

/*
 * Is argv[*i] this option, as "--name value" or "--name=value"? Returns 1 and
 * moves *i to the last word used, 0 if not, -1 if it is and wrong.
 */
static int take(const struct option *o, int argc, char *const argv[], int *i,
		struct pearl_usage_error *error)
{
	size_t length = strlen(o->name);
	const char *word = argv[*i], *value;
	unsigned int n = 0;

	if (strncmp(word, o->name, length))
		return 0;
	if (word[length] == '=')
		value = word + length + 1;
	else if (word[length])
		return 0;
	else if (*i + 1 < argc)
		value = argv[++*i];
	else
		return wrong(error, "%s wants a value: %s %s", o->name,
			     o->name, o->wants);
	while (n < o->most && o->values[n])
		n++;
	if (n == o->most && n > 1)
		return wrong(error, "%s is given more than %u times", o->name,
			     n);
	if (n == o->most)
		return wrong(error, "%s is given twice: once is allowed",
			     o->name);
	o->values[n] = value;
	return 1;
}

/* A word that is no option of `run`, and all that are. */
static int unknown(const struct option *options, const char *word,
		   struct pearl_usage_error *error)
{
	char known[200] = "";
	size_t used = 0;

	for (; options->name && used < sizeof(known); options++)
		used += snprintf(known + used, sizeof(known) - used, "%s %s %s",
				 used ? "," : "", options->name,
				 options->wants);
	if (word[0] == '-')
		return wrong(error, "unknown option %.200s: run takes%s", word,
			     known);
	return wrong(error, "unexpected argument '%.200s': run takes%s", word,
		     known);
}

static int take_any(const struct option *options, int argc,
		    char *const argv[], int *i,
		    struct pearl_usage_error *error)
{
	const struct option *o;
	int taken = 0;

	for (o = options; o->name && !taken; o++)
		taken = take(o, argc, argv, i, error);
	if (!taken)
		return unknown(options, argv[*i], error);
	return taken < 0 ? -1 : 0;
}

static bool is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h");
}

/* Options whose values are more than text. */
struct values {
	const char *memory;
	const char *cpus;
	const char *console;
	const char *disks[PEARL_MOST_DISKS];
};

static int complete(struct pearl_options *options, const struct values *values,
		    uint64_t most, struct pearl_usage_error *error)
{
	unsigned int i;

	if (!options->kernel)
		return wrong(error, "run wants --kernel FILE");
	if (!options->kernel[0])
		return wrong(error, "--kernel: the file's name is empty");
	if (options->initrd && !options->initrd[0])
		return wrong(error, "--initrd: the file's name is empty");
	if (options->device && !options->device[0])
		return wrong(error, "--device: the node's name is empty");
	if (options->stats && !options->stats[0])
		return wrong(error, "--stats: the file's name is empty");
	if (values->console &&
	    parse_console(values->console, &options->hvc, error))
		return -1;
	if (!options->cmdline)
		options->cmdline = options->hvc ? HVC_CMDLINE :
						  DEFAULT_CMDLINE;
	if (!options->device)
		options->device = DEFAULT_DEVICE;
	options->memory = DEFAULT_MEMORY;
	options->cpus = 1;
	if (values->memory &&
	    parse_size(values->memory, most, &options->memory, error))
		return -1;
	if (values->cpus && parse_cpus(values->cpus, &options->cpus, error))
		return -1;
	for (i = 0; i < PEARL_MOST_DISKS && values->disks[i]; i++)
		if (parse_disk(values->disks[i], &options->disks[i], error))
			return -1;
	options->nr_disks = i;
	return 0;
}

static int parse_run(struct pearl_options *options, int argc,
		     char *const argv[], uint64_t most,
		     struct pearl_usage_error *error)
{
	struct values values = { 0 };
	const struct option table[] = {
		{ "--kernel", "FILE", 1, &options->kernel },
		{ "--initrd", "FILE", 1, &options->initrd },
		{ "--cmdline", "TEXT", 1, &options->cmdline },
		{ "--mem", "SIZE", 1, &values.memory },
		{ "--cpus", "N", 1, &values.cpus },
		{ "--console", "WHICH", 1, &values.console },
		{ "--disk", "FILE[,readonly]", PEARL_MOST_DISKS,
		  values.disks },
		{ "--stats", "FILE", 1, &options->stats },
		{ "--device", "NODE", 1, &options->device },
		{ NULL, NULL, 0, NULL },
	};
	int i;

	options->command = PEARL_RUN;
	for (i = 0; i < argc; i++) {
		if (is_help(argv[i])) {
			options->command = PEARL_HELP;
			return 0;
		}
		if (take_any(table, argc, argv, &i, error))
			return -1;
	}
	return complete(options, &values, most, error);
}

int pearl_options_parse(struct pearl_options *options, int argc,
			char *const argv[], uint64_t most,
			struct pearl_usage_error *error)
{
	memset(options, 0, sizeof(*options));
	if (argc < 2)
		return wrong(error, "a command is wanted: " COMMANDS);
	if (!strcmp(argv[1], "run"))
		return parse_run(options, argc - 2, argv + 2, most, error);
	if (!is_help(argv[1]) && strcmp(argv[1], "--version"))
		return wrong(error, "unknown command '%.200s': there is "
			     COMMANDS, argv[1]);
	if (argc > 2)
		return wrong(error, "%s takes no argument", argv[1]);
	options->command = is_help(argv[1]) ? PEARL_HELP : PEARL_SHOW_VERSION;
	return 0;
}
