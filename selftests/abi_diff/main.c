// SPDX-License-Identifier: GPL-2.0
#include <cpuid.h>
#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi_diff.h"

static const char usage_text[] =
"usage: abi_diff record  [--seed N] [--calls M] [--jobs J] [--known TSV] [-o F]\n"
"       abi_diff replay  --seed N --index I [--jobs J] [--known TSV] [-v]\n"
"       abi_diff compare --known TSV OURS THEIRS\n"
"       abi_diff list | normalisations | selfcheck\n"
"\n"
"record   issue M seeded calls and print the trace\n"
"replay   issue the calls of one sequence up to call I and print them\n"
"compare  exit 0 if the traces agree or the table allows the difference\n"
"The table decides which ioctls a sequence avoids: it must be the same for\n"
"recording, replaying and comparing.\n";

static void usage(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

static const char *default_dev(void)
{
	const char *dev = getenv("NACRE_DEV");

	if (dev && *dev)
		return dev;
	return access("/dev/nacre", F_OK) ? "/dev/kvm" : "/dev/nacre";
}

static const char *from_env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : "unknown";
}

/* Of the processor that this runs on. */
static const char *vendor(void)
{
	unsigned int eax, ebx = 0, ecx, edx;

	__get_cpuid(0, &eax, &ebx, &ecx, &edx);
	return ebx == signature_INTEL_ebx ? "intel" : "amd";
}

static const struct option long_options[] = {
	{ "seed", required_argument, NULL, 's' },
	{ "calls", required_argument, NULL, 'c' },
	{ "index", required_argument, NULL, 'i' },
	{ "jobs", required_argument, NULL, 'j' },
	{ "known", required_argument, NULL, 'k' },
	{ "verbose", no_argument, NULL, 'v' },
	{ }
};

static void parse(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "s:c:i:j:k:o:v", long_options,
				NULL)) != -1) {
		switch (c) {
		case 's':
			o->seed = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			o->calls = strtoull(optarg, NULL, 0);
			break;
		case 'i':
			o->index = strtol(optarg, NULL, 0);
			break;
		case 'j':
			o->jobs = strtoul(optarg, NULL, 0);
			break;
		case 'k':
			o->known = optarg;
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'v':
			o->verbose = true;
			break;
		default:
			usage();
		}
	}
	if (!o->jobs || !o->calls)
		usage();
}

static int list(void)
{
	for (size_t i = 0; i < nr_ioctl_descs; i++)
		for (int fd = 0; fd < FD_KINDS; fd++)
			if (ioctl_descs[i].fds & (1 << fd))
				printf("%s\t%s\t%#lx\n", fd_names[fd],
				       ioctl_descs[i].name,
				       ioctl_descs[i].cmd);
	return 0;
}

static void avoid(const struct options *o)
{
	struct known *k;

	if (!o->known)
		return;
	k = known_load(o->known, o->kernel, o->vendor);
	known_avoid(k);
	known_free(k);
}

int main(int argc, char **argv)
{
	struct options o = {
		.seed = 1, .calls = 10000, .dev = default_dev(), .out = "-",
		.jobs = cpus_given(), .index = -1,
		.kernel = from_env("LAB_KERNEL"), .vendor = vendor(),
		.module = from_env("NACRE_MODULE"),
	};
	const char *command = argc > 1 ? argv[1] : "";

	argc -= argc > 1;
	argv += argc >= 1 && *command;
	parse(&o, argc, argv);
	if (!strcmp(command, "list"))
		return list();
	if (!strcmp(command, "normalisations")) {
		list_normalisations(stdout);
		return 0;
	}
	if (!strcmp(command, "selfcheck"))
		return cmd_selfcheck();
	if (!strcmp(command, "compare")) {
		if (!o.known || argc - optind != 2)
			usage();
		return cmd_compare(&o, argv[optind], argv[optind + 1]);
	}
	avoid(&o);
	if (!strcmp(command, "record"))
		return cmd_record(&o);
	if (!strcmp(command, "replay") && o.index >= 0)
		return cmd_replay(&o);
	usage();
	return 2;
}
