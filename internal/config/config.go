// Package config reads the settings of the program from the environment into
// one struct. Flags of the command line override it. Only cmd/server calls it.
package config

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/caarlos0/env/v11"

	"github.com/voicefit/spotter/internal/fault"
)

// Config holds every setting. The zero value of a field means its default.
type Config struct {
	// DatabaseURL names the Postgres to use; empty means a private cluster in
	// the data directory. DATABASE_URL_FILE names a file that holds it.
	DatabaseURL string `env:"DATABASE_URL"`
	// Data is the directory of the private cluster and its lock.
	Data string `env:"SPOTTER_DATA" envDefault:"./data"`
	// Addr is where the server listens.
	Addr string `env:"SPOTTER_ADDR" envDefault:"localhost:8080"`
	// BaseURL is how people reach the server, for links and for whether cookies
	// must be secure; empty means http:// and Addr.
	BaseURL string `env:"SPOTTER_BASE_URL"`
	// PGBin is a directory with Postgres programs to use for the private cluster
	// before any other.
	PGBin string `env:"SPOTTER_PG_BIN"`
	// LogLevel is debug, info, warn or error.
	LogLevel string `env:"SPOTTER_LOG_LEVEL" envDefault:"info"`
	// MaxUploadBytes bounds one uploaded file.
	MaxUploadBytes int64 `env:"SPOTTER_MAX_UPLOAD_BYTES" envDefault:"21474836480"`
	// ReleaseKey is an Ed25519 private key in PEM that signs the manifests of
	// releases; empty: they are not signed. SPOTTER_RELEASE_KEY_FILE names a file
	// that holds it.
	ReleaseKey string `env:"SPOTTER_RELEASE_KEY"`
	// MaxConns bounds the connection pool.
	MaxConns int32 `env:"SPOTTER_MAX_CONNS" envDefault:"24"`
	// WebhookAllow names networks that webhooks may reach although they are not
	// public, separated by commas; empty: none.
	WebhookAllow string `env:"SPOTTER_WEBHOOK_ALLOW"`
}

// secrets are printed masked and may come from a file: NAME_FILE holds the path.
var secrets = []string{"DATABASE_URL", "SPOTTER_RELEASE_KEY"}

// Read returns the settings that getenv gives, or fault.Invalid with every
// problem at once.
func Read(getenv func(string) string) (Config, error) {
	vars := map[string]string{}
	for _, name := range names() {
		if v := getenv(name); v != "" {
			vars[name] = v
		}
	}
	problems := map[string]string{}
	for _, name := range secrets {
		path := getenv(name + "_FILE")
		if path == "" {
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			problems[name+"_FILE"] = "The file can't be read: " + err.Error() + "."
			continue
		}
		vars[name] = strings.TrimSpace(string(b))
	}
	c, err := env.ParseAsWithOptions[Config](env.Options{Environment: vars})
	if err != nil {
		problems["environment"] = err.Error()
	}
	for name, problem := range c.problems() {
		problems[name] = problem
	}
	if len(problems) > 0 {
		return c, fault.Fields("The settings are not right.", problems)
	}
	return c, nil
}

func (c Config) problems() map[string]string {
	problems := map[string]string{}
	if c.DatabaseURL != "" && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
		problems["DATABASE_URL"] = "Use a URL that starts with postgres://."
	}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		problems["SPOTTER_ADDR"] = "Use host:port, such as localhost:8080."
	}
	if c.BaseURL != "" {
		if u, err := url.Parse(c.BaseURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			problems["SPOTTER_BASE_URL"] = "Use a URL such as https://spotter.example.org."
		}
	}
	switch c.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		problems["SPOTTER_LOG_LEVEL"] = "Use debug, info, warn or error."
	}
	if c.MaxUploadBytes < 1 {
		problems["SPOTTER_MAX_UPLOAD_BYTES"] = "Use a positive number of bytes."
	}
	if c.MaxConns < 4 {
		problems["SPOTTER_MAX_CONNS"] = "Use 4 or more."
	}
	if _, err := c.WebhookNetworks(); err != nil {
		problems["SPOTTER_WEBHOOK_ALLOW"] = "Use networks such as 127.0.0.0/8,10.1.0.0/16."
	}
	return problems
}

// WebhookNetworks is WebhookAllow taken apart. A single address is a network of
// one.
func (c Config) WebhookNetworks() ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range strings.FieldsFunc(c.WebhookAllow, func(r rune) bool { return r == ',' || r == ' ' }) {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("network %q: %w", text, err)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		networks = append(networks, p.Masked())
	}
	return networks, nil
}

// Root is the address that people open, without a slash at the end.
func (c Config) Root() string {
	if c.BaseURL != "" {
		return strings.TrimRight(c.BaseURL, "/")
	}
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return "http://" + c.Addr
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Secure says whether people reach the server by https only, so that cookies may
// be marked Secure.
func (c Config) Secure() bool { return strings.HasPrefix(c.BaseURL, "https://") }

// DataDir is Data as an absolute path.
func (c Config) DataDir() (string, error) {
	dir, err := filepath.Abs(c.Data)
	if err != nil {
		return "", fmt.Errorf("data directory %q: %w", c.Data, err)
	}
	return dir, nil
}

// Print writes the settings as NAME=value lines, secrets masked.
func (c Config) Print(w io.Writer) error {
	values := map[string]string{
		"DATABASE_URL": c.DatabaseURL, "SPOTTER_DATA": c.Data, "SPOTTER_ADDR": c.Addr, "SPOTTER_BASE_URL": c.BaseURL,
		"SPOTTER_PG_BIN": c.PGBin, "SPOTTER_LOG_LEVEL": c.LogLevel, "SPOTTER_RELEASE_KEY": c.ReleaseKey,
		"SPOTTER_MAX_UPLOAD_BYTES": fmt.Sprint(c.MaxUploadBytes), "SPOTTER_MAX_CONNS": fmt.Sprint(c.MaxConns),
		"SPOTTER_WEBHOOK_ALLOW": c.WebhookAllow,
	}
	for _, name := range secrets {
		if values[name] != "" {
			values[name] = "(set)"
		}
	}
	for _, name := range names() {
		if _, err := fmt.Fprintf(w, "%s=%s\n", name, values[name]); err != nil {
			return err
		}
	}
	return nil
}

func names() []string {
	fields, err := env.GetFieldParams(&Config{})
	if err != nil {
		return nil // the struct above is fixed; a test reads every name
	}
	var out []string
	for _, f := range fields {
		out = append(out, f.Key)
	}
	sort.Strings(out)
	return out
}
