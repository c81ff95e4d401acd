// SPDX-License-Identifier: GPL-2.0
/*
 * A module that misbehaves on demand, for lab/selftest: what the lab must
 * notice has to happen in a real kernel.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *at_load = "";
module_param(at_load, charp, 0444);
MODULE_PARM_DESC(at_load, "warn, oops, fail, hold or check when loaded");

static char *at_unload = "";
module_param(at_unload, charp, 0444);
MODULE_PARM_DESC(at_unload, "warn or lose when unloaded");

static char *node = "";
module_param(node, charp, 0444);
MODULE_PARM_DESC(node, "shown in sysfs, as nacre's");

static bool npt;
module_param(npt, bool, 0444);
MODULE_PARM_DESC(npt, "shown in sysfs, a name that in-tree KVM has too");

#define LOST 20			/* one may still lie about on some stack */

static struct mutex pair[2];
static DEFINE_SPINLOCK(spins);
static void *kept[LOST];

static void keep(void)
{
	for (int i = 0; i < LOST; i++)
		kept[i] = kmalloc(1000, GFP_KERNEL);
}

static void lose(void)
{
	keep();
	memset(kept, 0, sizeof(kept));
}

static void use_after_free(void)
{
	char *volatile p = kmalloc(100, GFP_KERNEL);

	kfree(p);
	if (p)
		p[1] = 1;
}

static void shift_too_far(void)
{
	volatile int by = 40;

	pr_info("labtest: %d\n", 1 << by);
}

static void sleep_with_a_spinlock(void)
{
	spin_lock(&spins);
	might_sleep();
	spin_unlock(&spins);
}

/* Two of one class: that it goes well here does not count. */
static void lock_both(void)
{
	for (int i = 0; i < 2; i++)
		mutex_init(&pair[i]);
	mutex_lock(&pair[0]);
	mutex_lock(&pair[1]);
	mutex_unlock(&pair[1]);
	mutex_unlock(&pair[0]);
}

/* What only the debug kernel notices. Lockdep stops when KASAN has spoken. */
static void check_the_checkers(void)
{
	lock_both();
	lose();
	use_after_free();
	shift_too_far();
	sleep_with_a_spinlock();
}

static int __init labtest_init(void)
{
	int *volatile nowhere = NULL;

	WARN_ON(!strcmp(at_load, "warn"));
	if (!strcmp(at_load, "oops"))
		*nowhere = 1;
	if (!strcmp(at_load, "hold"))
		__module_get(THIS_MODULE);
	if (!strcmp(at_load, "check"))
		check_the_checkers();
	if (!strcmp(at_unload, "lose"))
		keep();
	return strcmp(at_load, "fail") ? 0 : -ENODEV;
}
module_init(labtest_init);

static void __exit labtest_exit(void)
{
	WARN_ON(!strcmp(at_unload, "warn"));
	pr_info("labtest: unloaded\n");
}
module_exit(labtest_exit);

MODULE_DESCRIPTION("misbehaves on demand, for the lab's own test");
MODULE_LICENSE("GPL");
