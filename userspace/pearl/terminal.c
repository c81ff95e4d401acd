// SPDX-License-Identifier: GPL-2.0
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "device.h"
#include "terminal.h"

/* Of the process, as the terminal is; a signal handler needs it. */
static struct termios before;
static volatile sig_atomic_t is_raw;
static bool watching;

static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS };

/* Safe in a signal handler. A job in the background may do it too. */
void pearl_terminal_restore(void)
{
	sigset_t ttou, old;

	if (!is_raw)
		return;
	is_raw = 0;
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &ttou, &old);
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* The handler was for once: what comes next ends the process. */
static void restore_and_die(int number)
{
	pearl_terminal_restore();
	raise(number);
}

static void watch(void)
{
	struct sigaction action = {
		.sa_handler = restore_and_die,
		.sa_flags = SA_RESETHAND | SA_NODEFER,
	};
	size_t i;

	if (watching)
		return;
	watching = true;
	sigemptyset(&action.sa_mask);
	for (i = 0; i < ARRAY_SIZE(fatal); i++)
		sigaction(fatal[i], &action, NULL);
	atexit(pearl_terminal_restore);
}

void pearl_terminal_raw(void)
{
	struct termios raw;

	if (is_raw || tcgetattr(STDIN_FILENO, &before))
		return;
	watch();
	raw = before;
	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	is_raw = 1;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}
