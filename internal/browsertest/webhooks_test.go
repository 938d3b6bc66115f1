package browsertest_test

import (
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/ui"
	"github.com/voicefit/spotter/internal/webhook"
)

// TestWebhooksInTheBrowser names an address, is shown its secret once, and finds
// what was to be delivered in the log.
func TestWebhooksInTheBrowser(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, func(s *browsertest.Site, c *ui.Config) {
		c.Hooks = webhook.New(webhook.Config{DB: s.Pool, Dataset: exampletest.Dataset, Log: slog.New(slog.DiscardHandler)})
	})
	tab := s.Open(t, account.Admin)
	look := looker(t, tab)
	const secret = `[...document.querySelectorAll("input")].some((e) => e.value.startsWith("whsec_"))`
	look("webhooks-empty", "/webhooks", `document.querySelector("[name=url]")`)
	tab.Go("/webhooks")
	tab.Run(`document.querySelector("[name=name]").value = "CI <b>"; document.querySelector("[name=url]").value = "http://ci.example.org/"; document.querySelector("main form [name=url]").form.noValidate = true`)
	tab.Run(`document.querySelector("[name=url]").form.requestSubmit()`)
	tab.Until(`document.querySelector("#url-problem")`) // not by plain http
	tab.Axe()
	tab.Run(`document.querySelector("[name=url]").value = "https://ci.example.org/spotter"; document.querySelector("[value='release.built']").checked = true`)
	tab.Run(`document.querySelector("[name=url]").form.requestSubmit()`)
	tab.Until(secret)
	tab.Axe()
	if err := postgres.InTx(t.Context(), s.Pool, func(tx pgx.Tx) error {
		return webhook.Emit(t.Context(), tx, exampletest.Dataset, webhook.ReleaseBuilt, map[string]string{"name": "<script>1</script>"})
	}); err != nil {
		t.Fatal(err)
	}
	look("webhooks", "/webhooks", `document.querySelector(".table")`)
	tab.Run(`document.querySelector(".table a").click()`)
	tab.Until(`location.pathname.length > 20 && document.readyState === "complete"`)
	look("webhook", tab.Value("location.pathname"), `document.querySelector("h1").textContent.includes("CI <b>")`)
	if browsertest.Eval[bool](tab, secret) {
		t.Error("the secret is shown again")
	}
}
