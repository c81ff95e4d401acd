// SPDX-License-Identifier: GPL-2.0
/* The command line: what is taken, what is refused and with which words. */
#include "host_test.h"
#include "options.h"

#define MOST (4096ULL << 20)

static struct pearl_options options;
static struct pearl_usage_error error;

static int parse(const char *const *words)
{
	int argc = 0;

	while (words[argc])
		argc++;
	memset(&error, 0, sizeof(error));
	return pearl_options_parse(&options, argc, (char *const *)words, MOST,
				   &error);
}

#define PARSE(...) \
	parse((const char *const[]){ "pearl", ##__VA_ARGS__, NULL })

#define EXPECT_REFUSED(words, ...)				\
	do {							\
		EXPECT_EQ(PARSE(__VA_ARGS__), -1);		\
		if (!strstr(error.message, words))		\
			host_note("%s", error.message);		\
		EXPECT(strstr(error.message, words));		\
	} while (0)

static void defaults(void)
{
	EXPECT_EQ(PARSE("run", "--kernel", "k"), 0);
	EXPECT_EQ(options.command, PEARL_RUN);
	EXPECT(!strcmp(options.kernel, "k"));
	EXPECT(!options.initrd);
	EXPECT(!strcmp(options.cmdline, "console=ttyS0"));
	EXPECT(!strcmp(options.device, "/dev/nacre"));
	EXPECT_EQ(options.memory, 512LL << 20);
	EXPECT_EQ(options.cpus, 1);
	EXPECT_EQ(options.nr_disks, 0);
	EXPECT(!options.hvc);
}

static void all_options(void)
{
	EXPECT_EQ(PARSE("run", "--mem=1G", "--initrd", "i", "--cmdline",
			"a --mem=b", "--device=/dev/kvm", "--cpus", "4",
			"--kernel=k"), 0);
	EXPECT(!strcmp(options.kernel, "k"));
	EXPECT(!strcmp(options.initrd, "i"));
	EXPECT(!strcmp(options.cmdline, "a --mem=b"));
	EXPECT(!strcmp(options.device, "/dev/kvm"));
	EXPECT_EQ(options.memory, 1LL << 30);
	EXPECT_EQ(options.cpus, 4);
	EXPECT(!options.stats);
	EXPECT_EQ(PARSE("run", "--stats", "s", "--kernel=k"), 0);
	EXPECT(!strcmp(options.stats, "s"));
	EXPECT_REFUSED("--stats: the file's name is empty", "run",
		       "--kernel=k", "--stats=");
}

static void empty_cmdline(void)
{
	EXPECT_EQ(PARSE("run", "--kernel=k", "--cmdline="), 0);
	EXPECT(!strcmp(options.cmdline, ""));
}

static void sizes(void)
{
	static const struct {
		const char *text;
		uint64_t size;
	} good[] = {
		{ "64M", 64ULL << 20 },
		{ "65536K", 64ULL << 20 },
		{ "65540k", 65540ULL << 10 },
		{ "100m", 100ULL << 20 },
		{ "2g", 2ULL << 30 },
		{ "4G", MOST },
		{ "0000128M", 128ULL << 20 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_EQ(PARSE("run", "--kernel=k", "--mem", good[i].text), 0);
		EXPECT_EQ(options.memory, good[i].size);
	}
}

static void sizes_refused(void)
{
	static const char *const no_size[] = {
		"", "M", "512", "512MB", "512X", "-512M", "+512M", " 512M",
		"5 12M", "0x200M", "512M ", "1.5G", "512%",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(no_size); i++)
		EXPECT_REFUSED("K, M or G", "run", "--kernel=k", "--mem",
			       no_size[i]);
	EXPECT_REFUSED("at least 64M", "run", "--kernel=k", "--mem=63M");
	EXPECT_REFUSED("at least 64M", "run", "--kernel=k", "--mem=0M");
	EXPECT_REFUSED("multiple of 4K", "run", "--kernel=k", "--mem=65537K");
	EXPECT_REFUSED("4096M", "run", "--kernel=k", "--mem=4097M");
	EXPECT_REFUSED("4096M", "run", "--kernel=k", "--mem=5G");
	EXPECT_REFUSED("4096M", "run", "--kernel=k",
		       "--mem=17592186044417M");
	EXPECT_REFUSED("4096M", "run", "--kernel=k",
		       "--mem=99999999999999999999M");
}

static void numbers_of_cpus(void)
{
	static const char *const none[] = {
		"", "0", "65", "-1", "+2", " 2", "2 ", "2.0", "0x2", "many",
		"99999999999999999999", "18446744073709551617",
	};
	unsigned int i;

	EXPECT_EQ(PARSE("run", "--kernel=k", "--cpus=64"), 0);
	EXPECT_EQ(options.cpus, 64);
	EXPECT_EQ(PARSE("run", "--kernel=k", "--cpus=008"), 0);
	EXPECT_EQ(options.cpus, 8);
	for (i = 0; i < ARRAY_SIZE(none); i++)
		EXPECT_REFUSED("not a number from 1 to 64", "run",
			       "--kernel=k", "--cpus", none[i]);
}

static void consoles(void)
{
	EXPECT_EQ(PARSE("run", "--kernel=k", "--console=serial"), 0);
	EXPECT(!options.hvc);
	EXPECT(!strcmp(options.cmdline, "console=ttyS0"));
	EXPECT_EQ(PARSE("run", "--kernel=k", "--console=virtio"), 0);
	EXPECT(options.hvc);
	EXPECT(!strcmp(options.cmdline, "console=hvc0"));
	EXPECT_EQ(PARSE("run", "--kernel=k", "--console=virtio",
			"--cmdline=quiet"), 0);
	EXPECT(!strcmp(options.cmdline, "quiet"));
	EXPECT_REFUSED("neither serial nor virtio", "run", "--kernel=k",
		       "--console=");
	EXPECT_REFUSED("neither serial nor virtio", "run", "--kernel=k",
		       "--console=hvc0");
}

static void disks(void)
{
	static char longest[4097];

	memset(longest, 'a', 4095);
	EXPECT_EQ(PARSE("run", "--disk", "a", "--kernel=k", "--disk=b,readonly",
			"--disk", ",readonly,readonly", "--disk=c,read", "--disk",
			longest), 0);
	EXPECT_EQ(options.nr_disks, 5);
	EXPECT(!strcmp(options.disks[0].path, "a"));
	EXPECT(!options.disks[0].readonly);
	EXPECT(!strcmp(options.disks[1].path, "b"));
	EXPECT(options.disks[1].readonly);
	EXPECT(!strcmp(options.disks[2].path, ",readonly"));
	EXPECT(options.disks[2].readonly);
	EXPECT(!strcmp(options.disks[3].path, "c,read"));
	EXPECT(!options.disks[3].readonly);
	EXPECT(!strcmp(options.disks[4].path, longest));
	longest[4095] = 'a';
	EXPECT_REFUSED("too long", "run", "--kernel=k", "--disk", longest);
	EXPECT_REFUSED("empty", "run", "--kernel=k", "--disk=");
	EXPECT_REFUSED("empty", "run", "--kernel=k", "--disk=,readonly");
	EXPECT_REFUSED("--disk is given more than 6 times", "run",
		       "--kernel=k", "--disk=1", "--disk=2", "--disk=3",
		       "--disk=4", "--disk=5", "--disk=6", "--disk=7");
}

static void wrong_usage(void)
{
	EXPECT_REFUSED("a command is wanted: run, --help, --version", NULL);
	EXPECT_REFUSED("unknown command 'walk': there is run, --help, ",
		       "walk");
	EXPECT_REFUSED("wants --kernel", "run");
	EXPECT_REFUSED("--kernel wants a value: --kernel FILE", "run",
		       "--kernel");
	EXPECT_REFUSED("unknown option --kern", "run", "--kern=k");
	EXPECT_REFUSED("unknown option --kernels", "run", "--kernels", "k");
	EXPECT_REFUSED("unknown option -k", "run", "-k", "k");
	EXPECT_REFUSED("unexpected argument 'k'", "run", "k");
	EXPECT_REFUSED("given twice", "run", "--kernel=k", "--kernel=l");
	EXPECT_REFUSED("empty", "run", "--kernel=");
	EXPECT_REFUSED("empty", "run", "--kernel=k", "--initrd=");
	EXPECT_REFUSED("empty", "run", "--kernel=k", "--device=");
	EXPECT_REFUSED("no argument", "--version", "x");
}

/* Who does not know an option is told all that there are. */
static void what_is_allowed(void)
{
	static const char all[] =
		": run takes --kernel FILE, --initrd FILE, --cmdline TEXT, --mem SIZE, --cpus N, --console WHICH, --disk FILE[,readonly], --stats FILE, --device NODE";

	EXPECT_REFUSED(all, "run", "--tape");
	EXPECT_REFUSED(all, "run", "--kernel", "k", "l");
	EXPECT_REFUSED(all, "run", "");
	EXPECT_REFUSED("--kernel is given twice: once", "run", "--kernel=k",
		       "--kernel=l");
}

static void help_and_version(void)
{
	EXPECT_EQ(PARSE("--help"), 0);
	EXPECT_EQ(options.command, PEARL_HELP);
	EXPECT_EQ(PARSE("-h"), 0);
	EXPECT_EQ(options.command, PEARL_HELP);
	EXPECT_EQ(PARSE("run", "--help"), 0);
	EXPECT_EQ(options.command, PEARL_HELP);
	EXPECT_EQ(PARSE("--version"), 0);
	EXPECT_EQ(options.command, PEARL_SHOW_VERSION);
}

/* A word of any length is cut, not written past the message. */
static void long_words(void)
{
	static char word[5000];

	memset(word, 'a', sizeof(word) - 1);
	EXPECT_REFUSED("unknown command 'aaa", word);
	EXPECT_REFUSED("unexpected argument 'aaa", "run", word);
	EXPECT_REFUSED("--mem aaa", "run", "--kernel=k", "--mem", word);
}

/* And what is allowed is said all the same. */
static void long_words_and_what_is_allowed(void)
{
	static char word[5000];

	memset(word, '-', sizeof(word) - 1);
	EXPECT_REFUSED("--device NODE", "run", word);
	memset(word, 'a', sizeof(word) - 1);
	EXPECT_REFUSED("--device NODE", "run", word);
	EXPECT_REFUSED("--version", word);
	EXPECT_REFUSED("as in 512M", "run", "--kernel=k", "--mem", word);
}

static const struct host_case cases[] = {
	HOST_CASE(defaults),
	HOST_CASE(all_options),
	HOST_CASE(empty_cmdline),
	HOST_CASE(sizes),
	HOST_CASE(sizes_refused),
	HOST_CASE(numbers_of_cpus),
	HOST_CASE(consoles),
	HOST_CASE(disks),
	HOST_CASE(wrong_usage),
	HOST_CASE(what_is_allowed),
	HOST_CASE(help_and_version),
	HOST_CASE(long_words),
	HOST_CASE(long_words_and_what_is_allowed),
};

HOST_MAIN(cases)
