package browsertest_test

import (
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/browsertest"
)

// longName gives the person with the address a name of one long word, which the frame of
// every page must bear.
func longName(t *testing.T, s *browsertest.Site, email string) {
	t.Helper()
	if _, err := s.Pool.Exec(t.Context(), "UPDATE users SET name = $1 WHERE email = $2", strings.Repeat("Donaudampfschifffahrt", 5), email); err != nil {
		t.Fatal(err)
	}
}

// fits looks whether the page that the tab shows goes beyond the window at the width
// of a phone, a tablet and a desk, and names what is widest where it does. The window
// is as wide as it was afterwards. pattern is the page's, for the message.
func fits(t *testing.T, tab *browsertest.Tab, pattern string, back int64) {
	t.Helper()
	for _, width := range []int64{browsertest.Phone, browsertest.Tablet, browsertest.Desktop} {
		tab.Size(width, 900)
		if wide := tab.Value(widest); wide != "" {
			t.Errorf("%s does not fit into a window of %d px: %s", pattern, width, wide)
		}
	}
	tab.Size(back, 900)
}

// widest says how wide the page is and which element reaches furthest beyond the
// window, the innermost of those that do; nothing where all of it fits. What lies in
// a box that scrolls or cuts off is within that box.
const widest = `(() => {
	const root = document.documentElement, room = root.clientWidth;
	if (root.scrollWidth <= room) return "";
	const kept = (e) => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) if (getComputedStyle(p).overflowX !== "visible") return true; return false };
	let far = room, found = null;
	for (const e of document.body.querySelectorAll("*")) {
		const right = e.getBoundingClientRect().right;
		if (right >= far && right > room && !kept(e)) { far = right; found = e }
	}
	const name = found ? found.tagName.toLowerCase() + [...found.classList].map((c) => "." + c).join("") + " “" + found.textContent.trim().slice(0, 40) + "”" : "nothing that has a box";
	return root.scrollWidth + " px, because of " + name + " that ends at " + Math.round(far);
})()`
