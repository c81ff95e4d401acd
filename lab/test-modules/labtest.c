// SPDX-License-Identifier: GPL-2.0
/*
 * A module that misbehaves on demand, for lab/selftest: what the lab must
 * notice has to happen in a real kernel.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>

static char *at_load = "";
module_param(at_load, charp, 0444);
MODULE_PARM_DESC(at_load, "warn, oops, fail or hold when loaded");

static char *at_unload = "";
module_param(at_unload, charp, 0444);
MODULE_PARM_DESC(at_unload, "warn when unloaded");

static char *node = "";
module_param(node, charp, 0444);
MODULE_PARM_DESC(node, "shown in sysfs, as nacre's");

static bool npt;
module_param(npt, bool, 0444);
MODULE_PARM_DESC(npt, "shown in sysfs, a name that in-tree KVM has too");

static int __init labtest_init(void)
{
	int *volatile nowhere = NULL;

	WARN_ON(!strcmp(at_load, "warn"));
	if (!strcmp(at_load, "oops"))
		*nowhere = 1;
	if (!strcmp(at_load, "hold"))
		__module_get(THIS_MODULE);
	return strcmp(at_load, "fail") ? 0 : -ENODEV;
}
module_init(labtest_init);

static void __exit labtest_exit(void)
{
	WARN_ON(!strcmp(at_unload, "warn"));
}
module_exit(labtest_exit);

MODULE_DESCRIPTION("misbehaves on demand, for the lab's own test");
MODULE_LICENSE("GPL");
