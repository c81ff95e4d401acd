// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once, inside a guest: timers, interrupts between processors,
 * processes that come and go, writes to a disk. Each source numbers what it
 * sends and counts what arrives; at the end it prints a line
 *
 *	count NAME SENT RECEIVED
 *
 * for under_load.awk to judge. Nothing is waited for without a bound, but the
 * disk. The program is static: there is nothing but busybox beside it.
 *
 *	guest_load SECONDS DISK COPY
 *
 * COPY is a file in memory, which gets what DISK gets: at the end they are the
 * same, whatever has come back from DISK meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000ULL
#define MS 1000000ULL
#define PERIOD (20 * MS)

/* What has not arrived after that will not. */
#define PATIENCE_MS 60000

#define MOST_CPUS 64
#define MOST_JOBS 1024
#define STACK (128 << 10)

#define BLOCK 4096u
#define MOST_BLOCKS 16u		/* of one write */
#define WRITERS 4
#define SYNC_EVERY 16

#define SIG_PING (SIGRTMIN + 1)
#define SIG_PONG (SIGRTMIN + 2)
#define SIG_TIMER (SIGRTMIN + 3)

/*
 * struct job - a source, or the other end of one, and its thread
 * @peer: the job at its other end; NULL: none
 * @cpu: where it runs
 * @sent, @received: what it prints, if @name. What a peer sends here it counts
 *	here.
 * @ready: it may be sent something
 */
struct job {
	char name[32];
	void (*run)(struct job *job);
	struct job *peer;
	unsigned int cpu;
	unsigned int index;
	pthread_t thread;
	uint64_t sent;
	uint64_t received;
	bool ready;
};

static struct job jobs[MOST_JOBS];
static unsigned int nr_jobs;
static unsigned int nr_cpus;
static bool stopping;

static int disk, copy_fd;
static uint8_t *copy;
static uint64_t disk_bytes;

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *format, ...)
{
	va_list args;

	printf("load: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(": %s\n", strerror(errno));
	fflush(stdout);
	_exit(1);
}

static bool is_over(void)
{
	return __atomic_load_n(&stopping, __ATOMIC_ACQUIRE);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NS, .tv_nsec = ns % NS };
}

static void nap(uint64_t ns)
{
	struct timespec t = timespec_of(ns);

	nanosleep(&t, NULL);
}

static uint64_t scramble(uint64_t x)
{
	x ^= x << 13;
	x ^= x >> 7;
	return x ^ x << 17;
}

static void move_to(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("CPU %u", cpu);
}

/*
 * Timers. A periodic one that has been read tells of every expiry so far: then
 * there have been as many as periods, sooner or later after each.
 */

static uint64_t periods(uint64_t first)
{
	uint64_t t = now();

	return t < first ? 0 : (t - first) / PERIOD + 1;
}

/* Read on until the clock was read in the same period. */
static bool is_even(struct job *job, uint64_t first, unsigned int *tries)
{
	job->sent = periods(first);
	return job->sent == job->received || ++*tries >= 2000;
}

static uint64_t read_timer(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t count;

	if (poll(&p, 1, PATIENCE_MS) != 1)
		return 0;
	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

static int new_timer(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (fd < 0)
		die("a timer");
	return fd;
}

static void start_timer(int fd, uint64_t first, uint64_t period)
{
	struct itimerspec when = {
		.it_value = timespec_of(first),
		.it_interval = timespec_of(period),
	};

	if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL))
		die("starting a timer");
}

static void periodic(struct job *job)
{
	uint64_t n, first = now() + PERIOD + job->cpu * MS;
	unsigned int tries = 0;
	int fd = new_timer();

	start_timer(fd, first, PERIOD);
	do {
		n = read_timer(fd);
		job->received += n;
	} while (n && (!is_over() || !is_even(job, first, &tries)));
	if (!n)
		job->sent = periods(first);
}

static void one_shot(struct job *job)
{
	uint64_t deadline, random = job->cpu + 1;
	int fd = new_timer();

	while (!is_over()) {
		random = scramble(random);
		deadline = now() + random % (8 * MS);
		start_timer(fd, deadline, 0);
		job->sent++;
		/* One, and not before its time. */
		if (read_timer(fd) != 1 || now() < deadline)
			return;
		job->received++;
	}
}

static bool wait_for_signal(int number, siginfo_t *info)
{
	const struct timespec patience = timespec_of(PATIENCE_MS * MS);
	sigset_t set;
	int got;

	sigemptyset(&set);
	sigaddset(&set, number);
	do
		got = sigtimedwait(&set, info, &patience);
	while (got < 0 && errno == EINTR);
	return got == number;
}

/* The kernel's own count of what came while the signal waited is the rest. */
static void signalled(struct job *job)
{
	uint64_t first = now() + PERIOD + job->cpu * MS;
	struct itimerspec when = {
		.it_value = timespec_of(first),
		.it_interval = timespec_of(PERIOD),
	};
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIG_TIMER,
	};
	unsigned int tries = 0;
	siginfo_t info;
	timer_t timer;
	bool came;

	event._sigev_un._tid = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, TIMER_ABSTIME, &when, NULL))
		die("a timer with a signal");
	do {
		came = wait_for_signal(SIG_TIMER, &info);
		if (came)
			job->received += 1 + info.si_overrun;
	} while (came && (!is_over() || !is_even(job, first, &tries)));
	if (!came)
		job->sent = periods(first);
	timer_delete(timer);
}

/*
 * Between processors: signals with numbers, there and back. The one that waits
 * is asleep, and its processor mostly as well.
 */

#define LAST_PING 0x7fffffff

static void send_number(struct job *to, int number, int value)
{
	union sigval v = { .sival_int = value };

	if (pthread_sigqueue(to->thread, number, v))
		die("a signal");
}

static void wait_until_ready(struct job *job)
{
	while (!__atomic_load_n(&job->ready, __ATOMIC_ACQUIRE))
		nap(MS);
}

static void ping(struct job *job)
{
	siginfo_t info;
	int number;

	wait_until_ready(job->peer);
	while (!is_over()) {
		number = ++job->peer->sent;
		send_number(job->peer, SIG_PING, number);
		if (!wait_for_signal(SIG_PONG, &info) ||
		    info.si_value.sival_int != number)
			break;
		job->received++;
	}
	send_number(job->peer, SIG_PING, LAST_PING);
}

static void pong(struct job *job)
{
	siginfo_t info;
	int last = 0;

	__atomic_store_n(&job->ready, true, __ATOMIC_RELEASE);
	while (wait_for_signal(SIG_PING, &info) &&
	       info.si_value.sival_int != LAST_PING) {
		if (info.si_value.sival_int == last + 1)
			job->received++;
		last = info.si_value.sival_int;
		job->peer->sent++;
		send_number(job->peer, SIG_PONG, last);
	}
}

/*
 * A barrier in all other processors, which is an interrupt to each that runs
 * one of these threads. The slow side has it between its store and its load,
 * the fast side has nothing: without the interrupt both may miss the other's.
 */
static struct {
	uint64_t round, done;
	uint64_t slow, fast;
	uint64_t fast_saw;
} barrier __attribute__((aligned(64)));

/* Look for a while, then let others run; false if it went beyond, too. */
static bool comes_to(const uint64_t *word, uint64_t value)
{
	uint64_t is, until = now() + PATIENCE_MS * MS;
	unsigned int looks = 0;

	while ((is = __atomic_load_n(word, __ATOMIC_ACQUIRE)) < value) {
		if (now() > until)
			return false;
		if (++looks % 64 == 0)
			nap(MS / 4);
	}
	return is == value;
}

static void barrier_slow(struct job *job)
{
	while (!is_over()) {
		uint64_t saw, k = ++job->sent;

		__atomic_store_n(&barrier.round, k, __ATOMIC_RELEASE);
		__atomic_store_n(&barrier.slow, k, __ATOMIC_RELAXED);
		if (syscall(SYS_membarrier,
			    MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))
			die("membarrier");
		saw = __atomic_load_n(&barrier.fast, __ATOMIC_RELAXED);
		if (!comes_to(&barrier.done, k))
			break;
		if (saw == k || barrier.fast_saw == k)
			job->received++;
		nap(MS);
	}
	__atomic_store_n(&barrier.round, UINT64_MAX, __ATOMIC_RELEASE);
}

static void barrier_fast(struct job *job)
{
	uint64_t k, saw;

	(void)job;
	for (k = 1; comes_to(&barrier.round, k); k++) {
		__atomic_store_n(&barrier.fast, k, __ATOMIC_RELAXED);
		__asm__ __volatile__("" : : : "memory");
		saw = __atomic_load_n(&barrier.slow, __ATOMIC_RELAXED);
		barrier.fast_saw = saw;
		__atomic_store_n(&barrier.done, k, __ATOMIC_RELEASE);
	}
}

/*
 * One page's address, behind which now this and now that page is: whoever looks
 * between two changes must not find what was there before.
 */
#define PAGES 16u

static struct {
	uint64_t *page;
	uint64_t generation;	/* odd: it is about to change */
} window;
static int pages_fd;

static void open_window(void)
{
	uint64_t i;

	pages_fd = memfd_create("pages", MFD_CLOEXEC);
	if (pages_fd < 0 || ftruncate(pages_fd, PAGES * BLOCK))
		die("pages");
	for (i = 0; i < PAGES; i++)
		if (pwrite(pages_fd, &i, sizeof(i), i * BLOCK) != sizeof(i))
			die("pages");
	window.page = mmap(NULL, BLOCK, PROT_READ, MAP_SHARED, pages_fd, 0);
	if (window.page == MAP_FAILED)
		die("a window");
}

static void remap(struct job *job)
{
	uint64_t g = 0;

	(void)job;
	while (!is_over()) {
		__atomic_store_n(&window.generation, g + 1, __ATOMIC_SEQ_CST);
		if (mmap(window.page, BLOCK, PROT_READ, MAP_SHARED | MAP_FIXED,
			 pages_fd, (g / 2 + 1) % PAGES * BLOCK) == MAP_FAILED)
			die("a window");
		g += 2;
		__atomic_store_n(&window.generation, g, __ATOMIC_SEQ_CST);
		nap(MS);
	}
}

static void look(struct job *job)
{
	unsigned int looks = 0;

	while (!is_over()) {
		uint64_t g, saw;

		g = __atomic_load_n(&window.generation, __ATOMIC_SEQ_CST);
		saw = __atomic_load_n(window.page, __ATOMIC_SEQ_CST);
		if (g == __atomic_load_n(&window.generation,
					 __ATOMIC_SEQ_CST) && g % 2 == 0) {
			job->sent++;
			job->received += saw == g / 2 % PAGES;
		}
		if (++looks % 64 == 0)
			nap(MS);
	}
}

/* From one processor to the next, and there it is. */
static void wander(struct job *job)
{
	unsigned int cpu = job->cpu;

	while (!is_over()) {
		cpu = (cpu + 1) % nr_cpus;
		move_to(cpu);
		job->sent++;
		job->received += (unsigned int)sched_getcpu() == cpu;
		nap(MS / 2);
	}
}

/* Children, of which each other one becomes this program anew. */
static void child(unsigned int number)
{
	char text[16];

	if (number & 1)
		_exit(number & 0x7f);
	snprintf(text, sizeof(text), "%u", number & 0x7f);
	execl("/proc/self/exe", "guest_load", "--exit", text, NULL);
	_exit(0x80);
}

static void fork_storm(struct job *job)
{
	while (!is_over()) {
		pid_t pid = fork();
		int status;

		if (pid < 0)
			die("fork");
		job->sent++;
		if (!pid)
			child(job->sent);
		if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
		    (uint64_t)WEXITSTATUS(status) == (job->sent & 0x7f))
			job->received++;
	}
}

/*
 * Writes past the guest's page cache, by several threads to a part of the disk
 * each. Every block says what it is, and is remembered in the copy.
 */
struct block {
	uint64_t place;
	uint64_t sequence;
	uint64_t words[BLOCK / 8 - 3];
	uint64_t sum;
};

static void fill(struct block *b, uint64_t place, uint64_t sequence)
{
	uint64_t x = place << 32 ^ sequence ^ 0x9e3779b97f4a7c15ULL;
	unsigned int i;

	b->place = place;
	b->sequence = sequence;
	b->sum = place ^ sequence;
	for (i = 0; i < BLOCK / 8 - 3; i++) {
		x = scramble(x);
		b->words[i] = x;
		b->sum += x;
	}
}

static void write_some(struct job *job, struct block *buffer, uint64_t first,
		       unsigned int n)
{
	size_t bytes = n * sizeof(*buffer);
	unsigned int i;

	for (i = 0; i < n; i++)
		fill(buffer + i, first + i, job->sent);
	job->sent++;
	memcpy(copy + first * BLOCK, buffer, bytes);
	if (pwrite(disk, buffer, bytes, first * BLOCK) == (ssize_t)bytes)
		job->received++;
}

/* What comes back is what went there last. */
static void read_some(struct job *job, struct block *buffer, uint64_t first,
		      unsigned int n)
{
	size_t bytes = n * sizeof(*buffer);

	job->sent++;
	if (pread(disk, buffer, bytes, first * BLOCK) == (ssize_t)bytes &&
	    !memcmp(buffer, copy + first * BLOCK, bytes))
		job->received++;
}

static void write_disk(struct job *job)
{
	uint64_t random = job->index + 1;
	uint64_t part = disk_bytes / BLOCK / WRITERS;
	struct job *reads = job->peer, *syncs = reads->peer;
	struct block *buffer;

	buffer = aligned_alloc(BLOCK, MOST_BLOCKS * sizeof(*buffer));
	if (!buffer)
		die("a buffer");
	while (!is_over()) {
		unsigned int n = 1 + random % MOST_BLOCKS;
		uint64_t first = part * job->index +
				 (random >> 8) % (part - n);

		write_some(job, buffer, first, n);
		if (random >> 60 < 4)
			read_some(reads, buffer, first, n);
		if (job->sent % SYNC_EVERY == 0) {
			syncs->sent++;
			syncs->received += !fdatasync(disk);
		}
		random = scramble(random);
	}
	free(buffer);
}

static void open_disk(const char *path, const char *copy_path)
{
	disk = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	copy_fd = open(copy_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC,
		       0600);
	if (disk < 0 || copy_fd < 0)
		die("%s", disk < 0 ? path : copy_path);
	disk_bytes = lseek(disk, 0, SEEK_END);
	if (disk_bytes < 2 * WRITERS * MOST_BLOCKS * BLOCK)
		die("%s: too small", path);
	if (ftruncate(copy_fd, disk_bytes))
		die("%s", copy_path);
	copy = mmap(NULL, disk_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		    copy_fd, 0);
	if (copy == MAP_FAILED)
		die("%s", copy_path);
}

/*
 * All of them
 */

__attribute__((format(printf, 3, 4)))
static struct job *add(void (*run)(struct job *job), unsigned int cpu,
		       const char *name, ...)
{
	struct job *job = &jobs[nr_jobs++];
	va_list args;

	if (nr_jobs > MOST_JOBS)
		die("%s: too many", name);
	job->run = run;
	job->cpu = cpu % nr_cpus;
	va_start(args, name);
	vsnprintf(job->name, sizeof(job->name), name, args);
	va_end(args);
	return job;
}

static void add_cpu(unsigned int cpu)
{
	unsigned int next = (cpu + 1) % nr_cpus;
	struct job *there, *back;

	add(periodic, cpu, "timer.periodic.%u", cpu);
	add(one_shot, cpu, "timer.once.%u", cpu);
	add(signalled, cpu, "timer.signal.%u", cpu);
	there = add(pong, next, "ipi.there.%u-%u", cpu, next);
	back = add(ping, cpu, "ipi.back.%u-%u", next, cpu);
	there->peer = back;
	back->peer = there;
	add(look, cpu, "ipi.flush.%u", cpu);
	add(fork_storm, cpu, "fork.%u", cpu);
}

static void add_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_cpus; i++)
		add_cpu(i);
	add(remap, 0, "%s", "");
	add(barrier_slow, 0, "ipi.barrier");
	add(barrier_fast, 1, "%s", "");
	add(wander, 0, "ipi.wander");
	for (i = 0; i < WRITERS; i++) {
		struct job *writer = add(write_disk, i, "disk.write.%u", i);

		writer->index = i;
		writer->peer = add(NULL, i, "disk.read.%u", i);
		writer->peer->peer = add(NULL, i, "disk.sync.%u", i);
	}
}

static void *run_job(void *argument)
{
	struct job *job = argument;

	move_to(job->cpu);
	job->run(job);
	return NULL;
}

static void start_all(void)
{
	pthread_attr_t attr;
	sigset_t set;
	unsigned int i;

	sigemptyset(&set);
	sigaddset(&set, SIG_PING);
	sigaddset(&set, SIG_PONG);
	sigaddset(&set, SIG_TIMER);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (i = 0; i < nr_jobs; i++)
		if (jobs[i].run) {
			errno = pthread_create(&jobs[i].thread, &attr, run_job,
					       &jobs[i]);
			if (errno)
				die("a thread");
		}
}

static void join_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_jobs; i++)
		if (jobs[i].run)
			pthread_join(jobs[i].thread, NULL);
}

static void tell_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_jobs; i++)
		if (jobs[i].name[0])
			printf("count %s %llu %llu\n", jobs[i].name,
			       (unsigned long long)jobs[i].sent,
			       (unsigned long long)jobs[i].received);
}

int main(int argc, char *argv[])
{
	uint64_t begin = now();

	if (argc == 3 && !strcmp(argv[1], "--exit"))
		_exit(atoi(argv[2]));
	if (argc != 4 || atoi(argv[1]) <= 0) {
		printf("usage: guest_load SECONDS DISK COPY\n");
		return 2;
	}
	nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (nr_cpus > MOST_CPUS)
		nr_cpus = MOST_CPUS;
	if (syscall(SYS_membarrier,
		    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0))
		die("membarrier");
	open_disk(argv[2], argv[3]);
	open_window();
	add_all();
	start_all();
	nap(atoi(argv[1]) * NS);
	__atomic_store_n(&stopping, true, __ATOMIC_RELEASE);
	join_all();
	if (fdatasync(disk))
		die("%s", argv[2]);
	tell_all();
	printf("load: %u processors, %llu ms\n", nr_cpus,
	       (unsigned long long)((now() - begin) / MS));
	return 0;
}
