// SPDX-License-Identifier: GPL-2.0
// What ACPI's fixed tables cannot say of pearl's machine.
DefinitionBlock ("dsdt.aml", "DSDT", 2, "NACRE", "PEARL", 1)
{
	// SLP_TYP for the one sleep state: off (devices/pm.h).
	Name (\_S5, Package () { 5, 0, 0, 0 })

	// Interrupts come by the I/O APIC; nothing else is offered.
	Method (\_PIC, 1) { }

	Scope (\_SB)
	{
		// The windows hold none of the machine's own ports and chips
		// (machine.h), which therefore stay outside of the bridge.
		Device (PCI0)
		{
			Name (_HID, EisaId ("PNP0A03"))
			Name (_UID, 0)
			Name (_BBN, 0)
			Name (_STA, 0x0f)
			// The pin of each slot (machine.h).
			Name (_PRT, Package ()
			{
				Package () { 0x0001ffff, 0, 0, 16 },
				Package () { 0x0002ffff, 0, 0, 17 },
				Package () { 0x0003ffff, 0, 0, 18 },
				Package () { 0x0004ffff, 0, 0, 19 },
				Package () { 0x0005ffff, 0, 0, 20 },
				Package () { 0x0006ffff, 0, 0, 21 },
				Package () { 0x0007ffff, 0, 0, 22 },
				Package () { 0x0008ffff, 0, 0, 23 }
			})
			Name (_CRS, ResourceTemplate ()
			{
				WordBusNumber (ResourceProducer, MinFixed,
					MaxFixed, PosDecode,
					0, 0, 0, 0, 1)
				IO (Decode16, 0xcf8, 0xcf8, 0x01, 0x08)
				WordIO (ResourceProducer, MinFixed, MaxFixed,
					PosDecode, EntireRange,
					0, 0x1000, 0xffff, 0, 0xf000)
				DWordMemory (ResourceProducer, PosDecode,
					MinFixed, MaxFixed, NonCacheable,
					ReadWrite,
					0, 0xc0000000, 0xfebfffff, 0,
					0x3ec00000)
			})
		}

		Device (COM1)
		{
			Name (_HID, EisaId ("PNP0501"))
			Name (_UID, 1)
			Name (_STA, 0x0f)
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x3f8, 0x3f8, 0x01, 0x08)
				IRQNoFlags () { 4 }
			})
		}

		Device (RTC)
		{
			Name (_HID, EisaId ("PNP0B00"))
			Name (_STA, 0x0f)
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x70, 0x70, 0x01, 0x02)
				IRQNoFlags () { 8 }
			})
		}

		// Ports of the fixed hardware, so that nobody else takes them.
		Device (FIXD)
		{
			Name (_HID, EisaId ("PNP0C02"))
			Name (_STA, 0x0f)
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x600, 0x600, 0x01, 0x0c)
			})
		}
	}
}
