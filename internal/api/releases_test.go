package api_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
)

type released struct {
	ID        uuid.UUID
	Name      string
	State     string
	Items     int64
	Splits    map[string]int64
	Withdrawn string
	Files     []struct {
		Name   string
		Bytes  int64
		SHA256 string
	}
	Preflight []struct {
		Key          string
		Green, Holds bool
		Do           string
	}
}

// TestReleaseByAPI makes a release as a program does: import, review, release,
// poll, download.
func TestReleaseByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var rows strings.Builder
	for i := range 40 {
		fmt.Fprintf(&rows, `{"messages":[{"role":"user","content":"question number %d about %x"},{"role":"assistant","content":"An answer in words."}]}`+"\n", i, i*7919)
	}
	w.upload("category=ai_coach", rows.String())
	for range 40 {
		var c struct {
			Example struct {
				ID       uuid.UUID
				Revision int
			}
		}
		w.call(account.Reviewer, "POST", "/queue/claim", `{"category":"ai_coach"}`, http.StatusOK).into(t, &c)
		w.call(account.Reviewer, "POST", "/examples/"+c.Example.ID.String()+"/decisions", fmt.Sprintf(`{"revision":%d,"verdict":"approve"}`, c.Example.Revision), http.StatusCreated)
	}
	body := `{"name":"2026-11","splits":{"train":0.8,"validation":0.1,"test":0.1},"seed":7,"filters":{"category":"ai_coach"}}`
	w.call(account.Reviewer, "POST", "/releases", body, http.StatusForbidden)
	w.call(account.Engineer, "POST", "/releases", `{"name":"x","override_reason":"because"}`, http.StatusForbidden)
	w.call(account.Engineer, "POST", "/releases", `{"name":"x","splits":{"train":0.5}}`, http.StatusUnprocessableEntity)
	w.call(account.Engineer, "POST", "/releases", `{"name":"x","filters":{"category":["chess"]}}`, http.StatusUnprocessableEntity)
	var r released
	w.call(account.Engineer, "POST", "/releases", body, http.StatusAccepted).into(t, &r)
	if r.State != "draft" {
		t.Errorf("state = %q", r.State)
	}
	w.call(account.Engineer, "POST", "/releases", body, http.StatusConflict)
	at := "/releases/" + r.ID.String()
	w.call(account.Engineer, "GET", at+"/files/train.jsonl", "", http.StatusNotFound)
	if err := w.releases.Run(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	w.call(account.PM, "GET", at, "", http.StatusOK).into(t, &r)
	if r.State != "built" || r.Items != 40 || r.Splits["train"] != 32 || r.Splits["validation"] != 4 || r.Splits["test"] != 4 || len(r.Files) == 0 {
		t.Fatalf("the release = %+v", r)
	}
	if len(r.Preflight) == 0 || r.Preflight[0].Key != "targets" || r.Preflight[0].Green || r.Preflight[0].Do == "" {
		t.Errorf("preflight = %+v", r.Preflight)
	}
	merged := ""
	for _, f := range r.Files {
		got := w.call(account.Engineer, "GET", at+"/files/"+f.Name, "", http.StatusOK)
		sum := sha256.Sum256([]byte(got.text))
		if hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(got.text)) != f.Bytes || got.header.Get("ETag") != `"`+f.SHA256+`"` {
			t.Errorf("%s is not what the release says: %d bytes, ETag %s", f.Name, len(got.text), got.header.Get("ETag"))
		}
		if f.Name == "voicefit_llama_training_complete.jsonl" {
			merged = got.text
			part := w.call(account.Engineer, "GET", at+"/files/"+f.Name, "", http.StatusPartialContent, "Range", "bytes=10-19")
			if part.text != merged[10:20] || part.header.Get("Content-Range") != fmt.Sprintf("bytes 10-19/%d", f.Bytes) {
				t.Errorf("a range = %q, %s", part.text, part.header.Get("Content-Range"))
			}
			rest := w.call(account.Engineer, "GET", at+"/files/"+f.Name, "", http.StatusPartialContent, "Range", "bytes=100-", "If-Range", `"`+f.SHA256+`"`)
			if merged[:100]+rest.text != merged {
				t.Error("a download that was taken up is not the file")
			}
			if w.call(account.Engineer, "GET", at+"/files/"+f.Name, "", http.StatusOK, "Range", "bytes=100-", "If-Range", `"other"`).text != merged {
				t.Error("a range of another file was answered")
			}
			w.call(account.Engineer, "GET", at+"/files/"+f.Name, "", http.StatusNotModified, "If-None-Match", `"`+f.SHA256+`"`)
			w.call(account.Engineer, "GET", at+"/files/"+f.Name, "", http.StatusRequestedRangeNotSatisfiable, "Range", fmt.Sprintf("bytes=%d-", f.Bytes))
		}
	}
	packed := w.call(account.Engineer, "GET", at+"/files/provenance.jsonl.gz", "", http.StatusOK)
	unpacked, err := gzip.NewReader(strings.NewReader(packed.text))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(unpacked); err != nil || string(b) != w.call(account.Engineer, "GET", at+"/files/provenance.jsonl", "", http.StatusOK).text {
		t.Errorf("what comes out of the compressed provenance is not the provenance: %v", err)
	}
	if packed.header.Get("Content-Type") != "application/gzip" || packed.header.Get("Content-Encoding") != "" {
		t.Errorf("a compressed file is %s, encoded %q", packed.header.Get("Content-Type"), packed.header.Get("Content-Encoding"))
	}
	if rest := w.call(account.Engineer, "GET", at+"/files/provenance.jsonl.gz", "", http.StatusPartialContent, "Range", "bytes=50-", "If-Range", packed.header.Get("ETag")); packed.text[:50]+rest.text != packed.text {
		t.Error("a compressed download that was taken up is not the file")
	}
	if strings.Count(merged, "\n") != 40 {
		t.Errorf("the merged file has %d rows", strings.Count(merged, "\n"))
	}
	for _, name := range []string{"secret", "../../etc/passwd", "..%2F..%2Fetc%2Fpasswd", "%2e%2e/%2e%2e/x", ""} {
		w.call(account.Engineer, "GET", at+"/files/"+name, "", http.StatusNotFound)
	}
	w.call(account.Reviewer, "GET", at+"/files/train.jsonl", "", http.StatusForbidden)

	first, again := w.call(account.Engineer, "GET", at+"/zip", "", http.StatusOK).text, w.call(account.Engineer, "GET", at+"/zip", "", http.StatusOK).text
	if first != again {
		t.Error("the zip is not the same twice")
	}
	z, err := zip.NewReader(bytes.NewReader([]byte(first)), int64(len(first)))
	if err != nil || len(z.File) != len(r.Files) {
		t.Fatalf("the zip: %v", err)
	}
	for _, f := range z.File {
		if f.Name != "2026-11/voicefit_llama_training_complete.jsonl" {
			continue
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(in)
		if err != nil || string(b) != merged {
			t.Errorf("the zip holds another file: %v", err)
		}
	}

	var list struct{ Items []released }
	w.call(account.Reviewer, "GET", "/releases", "", http.StatusOK).into(t, &list)
	if len(list.Items) != 1 || list.Items[0].Name != "2026-11" {
		t.Errorf("the list = %+v", list)
	}
	w.call(account.Engineer, "GET", at+"/diff?with=2026-11", "", http.StatusOK)
	w.call(account.Engineer, "GET", at+"/diff", "", http.StatusUnprocessableEntity)
	w.call(account.Engineer, "POST", at+"/withdraw", `{"reason":"x"}`, http.StatusForbidden)
	w.call(account.Lead, "POST", at+"/withdraw", `{}`, http.StatusUnprocessableEntity)
	w.call(account.Lead, "POST", at+"/withdraw", `{"reason":"wrong loads"}`, http.StatusOK).into(t, &r)
	if r.Withdrawn != "wrong loads" {
		t.Errorf("withdrawn = %q", r.Withdrawn)
	}
}

// TestHeldRelease shows a program what holds a release, and that a lead may let
// it stand.
func TestHeldRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upload("category=ai_coach", `{"messages":[{"role":"user","content":"How long to rest?"},{"role":"assistant","content":"Two to three minutes."}]}`)
	if _, err := w.pool.Exec(t.Context(), `UPDATE examples SET status = 'approved'`); err != nil { // by nobody
		t.Fatal(err)
	}
	make := func(name string) released {
		var r released
		w.call(account.Engineer, "POST", "/releases", `{"name":"`+name+`"}`, http.StatusAccepted).into(t, &r)
		if err := w.releases.Run(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
		w.call(account.Engineer, "GET", "/releases/"+r.ID.String(), "", http.StatusOK).into(t, &r)
		return r
	}
	r := make("held")
	if r.State != "held" || len(r.Files) != 0 {
		t.Fatalf("the release = %+v", r)
	}
	at := "/releases/" + r.ID.String()
	w.call(account.Engineer, "POST", at+"/override", `{"reason":"I want it"}`, http.StatusForbidden)
	w.call(account.Engineer, "POST", at+"/retry", "", http.StatusAccepted).into(t, &r)
	if err := w.releases.Run(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	w.call(account.Lead, "POST", at+"/override", `{"reason":"approved on paper"}`, http.StatusAccepted)
	if err := w.releases.Run(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	w.call(account.Engineer, "GET", at, "", http.StatusOK).into(t, &r)
	if r.State != "built" {
		t.Errorf("overridden, the release is %s", r.State)
	}
	r = make("given up")
	w.call(account.Engineer, "POST", "/releases/"+r.ID.String()+"/discard", "", http.StatusOK).into(t, &r)
	if r.State != "discarded" {
		t.Errorf("discarded, the release is %s", r.State)
	}
	make("given up") // the name is free
}
