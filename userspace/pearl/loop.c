// SPDX-License-Identifier: GPL-2.0
/*
 * The event loop: console, timers, signals, and the machine's end. It holds
 * the machine's lock while it hands an event on, never while it waits, reads
 * or writes.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "pearl.h"
#include "terminal.h"

#define NS_PER_S 1000000000ULL

/* How long output that nobody takes is waited for at the end, in ms. */
#define FLUSH_WAIT 1000

/*
 * They end pearl, but for the last three: the shell's stop and its end, and
 * whoever wants the counters now.
 */
static const int signals[] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGUSR1,
};

enum {
	EVENT_SIGNAL,
	EVENT_WAKE,
	EVENT_TIMER,
	EVENT_IN,
	EVENT_OUT,
	NR_EVENTS,
};

static uint64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static uint64_t now(struct pearl_clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_MONOTONIC);
}

static uint64_t wall(struct pearl_clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_REALTIME);
}

/* A time of 0 would switch the timer off. */
static void rearm(struct pearl_clock *clock)
{
	struct pearl_machine *m = container_of(clock, struct pearl_machine,
					       clock);
	struct itimerspec when = { 0 };

	if (clock->first) {
		uint64_t deadline = clock->first->deadline;

		if (!deadline)
			deadline = 1;
		when.it_value.tv_sec = deadline / NS_PER_S;
		when.it_value.tv_nsec = deadline % NS_PER_S;
	}
	timerfd_settime(m->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void pearl_machine_wake(struct pearl_machine *m)
{
	uint64_t one = 1;

	/* A counter that is full wakes as well. */
	if (write(m->wake_fd, &one, sizeof(one)) < 0)
		return;
}

static void wake(struct pearl_console *console)
{
	pearl_machine_wake(container_of(console, struct pearl_machine,
					console));
}

static int failed(struct nacre_error *error, const char *what)
{
	error->number = errno;
	snprintf(error->message, sizeof(error->message), "%s: %s", what,
		 strerror(errno));
	return -error->number;
}

/* Whoever started pearl may want a signal ignored, as nohup does. */
static bool is_left_alone(const struct pearl_machine *m, int number)
{
	struct sigaction action;

	if (number == SIGUSR1 && m->stats_fd < 0)
		return true;
	return !sigaction(number, NULL, &action) &&
	       !(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_IGN;
}

/* Blocked in every thread: they are read here. */
static int take_signals(struct pearl_machine *m)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!is_left_alone(m, signals[i]))
			sigaddset(&set, signals[i]);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL))
		return -1;
	signal(SIGPIPE, SIG_IGN);
	m->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return m->signal_fd;
}

int pearl_events_create(struct pearl_machine *m, const char *stats,
			struct nacre_error *error)
{
	m->stats_fd = -1;
	m->signal_fd = -1;
	m->timer_fd = -1;
	m->console.out = -1;
	m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->wake_fd < 0)
		return failed(error, "an eventfd");
	m->timer_fd = timerfd_create(CLOCK_MONOTONIC,
				     TFD_CLOEXEC | TFD_NONBLOCK);
	if (m->timer_fd < 0)
		return failed(error, "a timerfd");
	if (stats && pearl_stats_open(m, stats, error))
		return -error->number;
	if (take_signals(m) < 0)
		return failed(error, "a signalfd");
	m->clock.now = now;
	m->clock.wall = wall;
	m->clock.rearm = rearm;
	pearl_console_init(&m->console, STDIN_FILENO, STDOUT_FILENO, wake);
	if (m->console.out < 0)
		return failed(error, "standard output");
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void pearl_events_destroy(struct pearl_machine *m)
{
	pearl_console_close(&m->console);
	close_fd(m->stats_fd);
	close_fd(m->signal_fd);
	close_fd(m->timer_fd);
	close_fd(m->wake_fd);
}

static void drain(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

static void end(struct pearl_machine *m, int status,
		const struct nacre_error *why)
{
	pthread_mutex_lock(&m->lock);
	pearl_machine_end(m, status, why);
	pthread_mutex_unlock(&m->lock);
}

static void on_signal(struct pearl_machine *m)
{
	struct signalfd_siginfo info;
	struct nacre_error error;

	while (read(m->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTSTP) {
			pearl_terminal_restore();
			raise(SIGSTOP);
		} else if (info.ssi_signo == SIGCONT) {
			pearl_terminal_raw();
		} else if (info.ssi_signo == SIGUSR1) {
			/* What it cannot write it cannot write at the end. */
			pearl_stats_write(m, &error);
		} else {
			end(m, PEARL_END_SIGNAL + info.ssi_signo, NULL);
		}
	}
}

static void on_timer(struct pearl_machine *m)
{
	drain(m->timer_fd);
	pthread_mutex_lock(&m->lock);
	pearl_clock_expire(&m->clock);
	pthread_mutex_unlock(&m->lock);
}

/* The end of input is no end of the guest. */
static void on_input(struct pearl_machine *m)
{
	struct pearl_console *c = &m->console;
	uint8_t bytes[PEARL_CONSOLE_INPUT];
	ssize_t n = read(c->in, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	pthread_mutex_lock(&m->lock);
	if (n > 0)
		pearl_console_input(c, bytes, n);
	else
		c->in = -1;
	if (c->leave)
		pearl_machine_end(m, PEARL_END_LEFT, NULL);
	pthread_mutex_unlock(&m->lock);
}

/* As much as a pipe that has room takes without blocking. */
static int on_output(struct pearl_machine *m)
{
	struct pearl_console *c = &m->console;
	struct nacre_error error;
	uint8_t bytes[PIPE_BUF];
	ssize_t n;

	pthread_mutex_lock(&m->lock);
	n = pearl_console_peek(c, bytes, sizeof(bytes));
	pthread_mutex_unlock(&m->lock);
	n = write(c->out, bytes, n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0) {
		failed(&error, "standard output");
		end(m, PEARL_END_FAILED, &error);
		return -1;
	}
	pthread_mutex_lock(&m->lock);
	pearl_console_consume(c, n);
	pthread_mutex_unlock(&m->lock);
	return 0;
}

static void wait_for(struct pearl_machine *m, struct pollfd *fds)
{
	fds[EVENT_SIGNAL] = (struct pollfd){ m->signal_fd, POLLIN, 0 };
	fds[EVENT_WAKE] = (struct pollfd){ m->wake_fd, POLLIN, 0 };
	fds[EVENT_TIMER] = (struct pollfd){ m->timer_fd, POLLIN, 0 };
	pthread_mutex_lock(&m->lock);
	pearl_console_poll(&m->console, &fds[EVENT_IN], &fds[EVENT_OUT]);
	pthread_mutex_unlock(&m->lock);
	if (poll(fds, NR_EVENTS, -1) < 0)
		memset(fds, 0, NR_EVENTS * sizeof(*fds));
}

static void loop(struct pearl_machine *m)
{
	struct pollfd fds[NR_EVENTS];

	while (!__atomic_load_n(&m->ended, __ATOMIC_ACQUIRE)) {
		wait_for(m, fds);
		if (fds[EVENT_WAKE].revents)
			drain(m->wake_fd);
		if (fds[EVENT_SIGNAL].revents)
			on_signal(m);
		if (fds[EVENT_TIMER].revents)
			on_timer(m);
		if (fds[EVENT_IN].revents)
			on_input(m);
		if (fds[EVENT_OUT].revents)
			on_output(m);
	}
}

/* The last words of the guest, unless nobody takes them. */
static void flush(struct pearl_machine *m)
{
	struct pollfd in, out;

	for (;;) {
		pearl_console_poll(&m->console, &in, &out);
		if (out.fd < 0 || poll(&out, 1, FLUSH_WAIT) <= 0 ||
		    on_output(m))
			return;
	}
}

int pearl_run(struct pearl_machine *m, struct nacre_error *error)
{
	int err;

	pearl_terminal_raw();
	err = pearl_cpus_start(m, error);
	if (err)
		end(m, PEARL_END_FAILED, error);
	loop(m);
	pearl_cpus_stop(m);
	flush(m);
	pearl_terminal_restore();
	*error = m->error;
	if (pearl_stats_write(m, error))
		return PEARL_END_FAILED;
	return m->status;
}
