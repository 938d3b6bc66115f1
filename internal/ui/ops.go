package ui

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyTimeout is how long the checks of Ready may take.
const readyTimeout = 3 * time.Second

// Healthy says that the process answers.
func Healthy() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		plain(w, http.StatusOK, "ok\n")
	})
}

// Ready says whether the server can work: 200 where check returns nil, else
// 503. The reason goes to the caller of check's log, not to the client.
func Ready(check func(context.Context) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		if err := check(ctx); err != nil {
			plain(w, http.StatusServiceUnavailable, "not ready\n")
			return
		}
		plain(w, http.StatusOK, "ready\n")
	})
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the client may be gone
}

// Metrics counts requests and watches the database pool, in a registry of its
// own.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

// NewMetrics returns the metrics of one server. stat may be nil: then the pool
// is not watched.
func NewMetrics(stat func() *pgxpool.Stat) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "spotter_http_request_duration_seconds",
			Help:    "Time to answer a request, by route pattern.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"method", "route", "status"}),
	}
	m.registry.MustRegister(m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if stat != nil {
		m.registry.MustRegister(poolCollector{stat})
	}
	return m
}

// Register adds collectors of other parts of the program. It panics where a
// name is taken, which is a mistake in the program.
func (m *Metrics) Register(c ...prometheus.Collector) { m.registry.MustRegister(c...) }

// Handler serves the metrics in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *Metrics) observe(verb, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method(verb), route, strconv.Itoa(status)).Observe(took.Seconds())
}

var (
	poolConns = prometheus.NewDesc("spotter_db_connections", "Connections of the pool, by what they do.", []string{"state"}, nil)
	poolMax   = prometheus.NewDesc("spotter_db_connections_max", "The most connections that the pool opens.", nil, nil)
	poolTaken = prometheus.NewDesc("spotter_db_acquires_total", "How often a connection was taken.", nil, nil)
	poolWaits = prometheus.NewDesc("spotter_db_acquire_waits_total", "How often taking a connection had to wait.", nil, nil)
	poolTime  = prometheus.NewDesc("spotter_db_acquire_seconds_total", "Time spent taking connections.", nil, nil)
)

// poolCollector reads the pool's figures when it is asked.
type poolCollector struct{ stat func() *pgxpool.Stat }

func (p poolCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{poolConns, poolMax, poolTaken, poolWaits, poolTime} {
		ch <- d
	}
}

func (p poolCollector) Collect(ch chan<- prometheus.Metric) {
	st := p.stat()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v)
	}
	gauge(poolConns, float64(st.AcquiredConns()), "busy")
	gauge(poolConns, float64(st.IdleConns()), "idle")
	gauge(poolConns, float64(st.ConstructingConns()), "opening")
	gauge(poolMax, float64(st.MaxConns()))
	counter(poolTaken, float64(st.AcquireCount()))
	counter(poolWaits, float64(st.EmptyAcquireCount()))
	counter(poolTime, st.AcquireDuration().Seconds())
}
