package webhook

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/voicefit/spotter/internal/fault"
)

// maxURLBytes bounds the address of an endpoint.
const maxURLBytes = 2000

// reserved are addresses that count as global unicast and are none of the public
// network (RFC 6890 and its successors), and those that lead to an IPv4 address
// inside, where the check of the outer one would say nothing.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// A guard keeps what admins type from reaching machines that only this server can
// reach: the database, the metadata service of a cloud, other people's routers.
type guard struct {
	allow []netip.Prefix // reachable all the same
}

// named says whether the configuration allows the address.
func (g guard) named(a netip.Addr) bool {
	for _, p := range g.allow {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// reachable says whether something may be sent to the address.
func (g guard) reachable(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if g.named(a) {
		return true
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// errUnreachable is what a dial to a refused address fails with.
var errUnreachable = fault.New(fault.Invalid, "This address is inside a private network. The setting SPOTTER_WEBHOOK_ALLOW names networks that may be reached all the same.")

// control looks at the address that is really dialled, after names were resolved:
// a name that looked harmless when it was typed may lead elsewhere by now.
func (g guard) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %q: %w", address, err)
	}
	if !g.reachable(at.Addr()) {
		return fmt.Errorf("dial %s: %w", address, errUnreachable)
	}
	return nil
}

// client returns one that dials only what the guard lets through, follows no
// redirect, uses no proxy of the environment and keeps no connection open.
func (g guard) client(timeout time.Duration) *http.Client {
	d := &net.Dialer{Timeout: timeout, Control: g.control}
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext: d.DialContext, TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout,
			DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// problem says what is wrong with the address of an endpoint; empty: nothing that
// can be seen without dialling.
func (g guard) problem(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "" || len(address) > maxURLBytes || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "Use an address such as https://ci.example.org/hooks/spotter."
	}
	if u.User != nil {
		return "Take the user name and password out: the signature says who sends."
	}
	if u.Fragment != "" {
		return "Take out what follows the #: it is never sent."
	}
	at, err := netip.ParseAddr(u.Hostname())
	literal := err == nil
	plain := at
	if u.Hostname() == "localhost" {
		plain = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && plain.IsValid() && g.named(plain.Unmap()):
	case u.Scheme == "http" && plain.IsValid() && plain.IsLoopback():
		return "Programs on this machine are told only when SPOTTER_WEBHOOK_ALLOW names 127.0.0.0/8."
	default:
		return "Use https: what is sent must not be read or changed on its way."
	}
	if literal && !g.reachable(at) {
		return errUnreachable.Msg
	}
	return ""
}
