# SPDX-License-Identifier: GPL-2.0
#
# The table of exit_cost.sh as a bar chart in SVG: for each row and guest how
# much of in-tree KVM's cost nacre has. Where a bar reaches the line at 1, both
# cost the same.
#
# usage: awk -f exit_cost_chart.awk -v machine=NAME -v kernel=NAME TABLE

function bar(y, ratio, fill, text) {
	printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
	       left, y, ratio * unit, thick, fill
	printf "<text x=\"%.1f\" y=\"%d\" class=\"n\">%s</text>\n",
	       left + ratio * unit + 4, y + thick - 2, text
}

function line(at) {
	printf "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#999\"/>\n",
	       left + at * unit, top - 6, left + at * unit, height - 8
	printf "<text x=\"%d\" y=\"%d\" class=\"n\">%s</text>\n",
	       left + at * unit - 6, top - 10, at
}

BEGIN {
	FS = "\t"
	left = 130; top = 60; unit = 480; thick = 11; step = 30
	fill["flat32"] = "#4878a8"
	fill["long64"] = "#a86848"
}
NR > 1 && $5 ~ /^[0-9.]+$/ {
	if (!($1 in at)) {
		at[$1] = rows
		name[rows++] = $1
	}
	ratio[$1, $2] = $5
	count[$1, $2] = $3
}
END {
	height = top + rows * step + 10
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"700\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", height
	print "<style>.n { font-size: 10px; fill: #333 }</style>"
	print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
	printf "<text x=\"10\" y=\"20\">Cost of an exit, nacre against in-tree KVM (machine %s, kernel %s)</text>\n", machine, kernel
	x = 10
	for (guest in fill) {
		printf "<rect x=\"%d\" y=\"28\" width=\"10\" height=\"10\" fill=\"%s\"/>\n", x, fill[guest]
		printf "<text x=\"%d\" y=\"37\" class=\"n\">%s</text>\n", x + 14, guest
		x += 80
	}
	line(0.25)
	line(0.5)
	line(1)
	for (i = 0; i < rows; i++) {
		y = top + i * step
		printf "<text x=\"10\" y=\"%d\">%s</text>\n", y + 15, name[i]
		if ((name[i], "flat32") in ratio)
			bar(y, ratio[name[i], "flat32"], fill["flat32"],
			    count[name[i], "flat32"])
		if ((name[i], "long64") in ratio)
			bar(y + thick + 2, ratio[name[i], "long64"],
			    fill["long64"], count[name[i], "long64"])
	}
	print "</svg>"
}
