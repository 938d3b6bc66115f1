package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/report"
)

// TestReportsByAPI gets both reports in every format, and those that a release keeps.
func TestReportsByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upload("filename=core.json", shared(t, "voicefit-injury-core.json"))
	var v report.Validation
	w.call(account.PM, "GET", "/reports/validation", "", http.StatusOK).into(t, &v)
	var d report.Distribution
	w.call(account.PM, "GET", "/reports/distribution?category=injury_analysis&status=pending", "", http.StatusOK).into(t, &d)
	if v.Counts.Examples != 50 || len(v.Presets) == 0 || v.Copies == nil || d.Examples != 50 || d.Confidence.Examples == 0 {
		t.Errorf("validation of %d examples with %d formats, distribution of %d", v.Counts.Examples, len(v.Presets), d.Examples)
	}
	for query, word := range map[string]string{
		"/reports/validation?format=html": "<h1>Validation report</h1>", "/reports/distribution?format=html": "<h1>Distribution report</h1>",
		"/reports/validation?format=md": "# Validation report", "/reports/distribution?format=md": "# Distribution report",
	} {
		if got := w.call(account.PM, "GET", query, "", http.StatusOK).text; !strings.Contains(got, word) {
			t.Errorf("%s has not %q in it", query, word)
		}
	}
	w.call(account.PM, "GET", "/reports/horoscope", "", http.StatusNotFound)
	w.call(account.PM, "GET", "/reports/validation?format=pdf", "", http.StatusUnprocessableEntity)
	w.call(account.PM, "GET", "/reports/validation?category=dance", "", http.StatusUnprocessableEntity)
	w.call(account.PM, "GET", "/reports/validation?release=none", "", http.StatusNotFound)
	w.call(account.PM, "GET", "/reports/validation?release=none&status=pending", "", http.StatusUnprocessableEntity)
	if _, err := w.pool.Exec(t.Context(), `UPDATE examples SET status = 'approved'`); err != nil {
		t.Fatal(err)
	}
	var r released
	w.call(account.Engineer, "POST", "/releases", `{"name":"first","splits":{"train":1}}`, http.StatusAccepted).into(t, &r)
	if err := w.releases.Run(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	w.call(account.Lead, "GET", "/releases/"+r.ID.String(), "", http.StatusOK).into(t, &r)
	if r.State == "held" {
		w.call(account.Lead, "POST", "/releases/"+r.ID.String()+"/override", `{"reason":"It is a test of reports."}`, http.StatusAccepted)
		if err := w.releases.Run(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []string{"validation", "distribution"} {
		for _, format := range []string{"json", "html", "md"} {
			got := w.call(account.PM, "GET", "/reports/"+kind+"?release=first&format="+format, "", http.StatusOK).text
			if kept := w.call(account.Engineer, "GET", "/releases/"+r.ID.String()+"/files/"+kind+"_report."+format, "", http.StatusOK).text; got != kept || !strings.Contains(got, "first") {
				t.Errorf("the %s report of the release as %s is not the file that it keeps", kind, format)
			}
		}
	}
}
