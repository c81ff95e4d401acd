/* SPDX-License-Identifier: GPL-2.0 */
/* What the ABI promises of the shared page after NACRE_RUN. */
#ifndef ABI_DIFF_RUN_VIEW_H
#define ABI_DIFF_RUN_VIEW_H

/* Fills res->out in the shape of lay_run; returns its length. */
size_t run_view(const struct nacre_run *run, struct result *res,
		uint64_t valid_regs);

#endif
