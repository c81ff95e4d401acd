/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The terminal on standard input, raw while a guest has it. However pearl ends
 * it is put back: by pearl_terminal_restore(), by exit(), by the signals that
 * end a program that went wrong.
 */
#ifndef PEARL_TERMINAL_H
#define PEARL_TERMINAL_H

/* Every key to the guest. Also again, after the process was stopped. */
void pearl_terminal_raw(void);
void pearl_terminal_restore(void);

#endif
