package static_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/web/static"
)

func get(t *testing.T, url string, header map[string]string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAsset(t *testing.T) {
	t.Parallel()
	url := static.Asset("css/app.css")
	if !regexp.MustCompile(`^/static/[0-9a-f]{12}/css/app\.css$`).MatchString(url) {
		t.Errorf("Asset(css/app.css) = %q, want a URL with a hash", url)
	}
	defer func() {
		if recover() == nil {
			t.Error("Asset of a file that is not there did not panic")
		}
	}()
	static.Asset("css/none.css")
}

func TestHandler(t *testing.T) {
	t.Parallel()
	url := static.Asset("css/app.css")
	old := regexp.MustCompile(`[0-9a-f]{12}`).ReplaceAllString(url, "000000000000")
	for _, tt := range []struct {
		name   string
		url    string
		header map[string]string
		status int
		want   map[string]string
	}{
		{"current", url, nil, 200, map[string]string{
			"Cache-Control": "public, max-age=31536000, immutable", "Content-Type": "text/css; charset=utf-8", "Content-Encoding": "",
		}},
		{"compressed", url, map[string]string{"Accept-Encoding": "br, gzip;q=0.8"}, 200, map[string]string{"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}},
		{"gzip refused", url, map[string]string{"Accept-Encoding": "gzip;q=0"}, 200, map[string]string{"Content-Encoding": ""}},
		{"from before an upgrade", old, nil, 200, map[string]string{"Cache-Control": "no-cache"}},
		{"missing", "/static/000000000000/css/none.css", nil, 404, nil},
		{"the program itself", "/static/000000000000/embed.go", nil, 404, nil},
		{"no name", "/static/", nil, 404, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp := get(t, tt.url, tt.header)
			if resp.StatusCode != tt.status {
				t.Fatalf("GET %s = %d, want %d", tt.url, resp.StatusCode, tt.status)
			}
			got := map[string]string{}
			for k := range tt.want {
				got[k] = resp.Header.Get(k)
			}
			if diff := cmp.Diff(tt.want, got); tt.want != nil && diff != "" {
				t.Errorf("headers of %s (-want +got):\n%s", tt.url, diff)
			}
		})
	}
}

func TestHandlerCompressesFaithfully(t *testing.T) {
	t.Parallel()
	url := static.Asset("css/app.css")
	plain := body(t, get(t, url, nil).Body)
	z, err := gzip.NewReader(get(t, url, map[string]string{"Accept-Encoding": "gzip"}).Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := body(t, z); got != plain || plain == "" {
		t.Errorf("the compressed style sheet has %d bytes unpacked, the plain one %d", len(got), len(plain))
	}
}

func TestHandlerRevalidates(t *testing.T) {
	t.Parallel()
	url := static.Asset("js/app.js")
	tag := get(t, url, nil).Header.Get("ETag")
	if resp := get(t, url, map[string]string{"If-None-Match": tag}); resp.StatusCode != http.StatusNotModified || tag == "" {
		t.Errorf("GET %s with its ETag %s = %d, want 304", url, tag, resp.StatusCode)
	}
}

// The policy of the pages blocks what a style sheet or picture would fetch from
// elsewhere, so nothing may try.
func TestFilesStayHere(t *testing.T) {
	t.Parallel()
	foreign := regexp.MustCompile(`(?:url\(|@import|href=|src=)\s*["']?(?:https?:)?//`)
	for _, name := range static.Names() {
		if strings.HasPrefix(name, "vendor/") {
			continue
		}
		if m := foreign.FindString(body(t, get(t, static.Asset(name), nil).Body)); m != "" {
			t.Errorf("%s fetches from elsewhere: %s", name, m)
		}
	}
}
