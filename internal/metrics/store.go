package metrics

import (
	"database/sql"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type storeMetrics struct {
	calls   *prometheus.HistogramVec
	commits *prometheus.HistogramVec
	sizes   prometheus.Histogram
}

func newStoreMetrics(m *Metrics) storeMetrics {
	s := storeMetrics{
		calls:   m.histogram("store_call_duration_seconds", "How long calls of the metadata store took. A write waits for others to share their commit.", callBuckets(), "call", "outcome"),
		commits: m.histogram("store_commit_duration_seconds", "How long transactions took that wrote.", callBuckets(), "outcome"),
		sizes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Name: "store_commit_size", Help: "Writes that shared a transaction.", Buckets: prometheus.ExponentialBuckets(1, 2, 9),
		}),
	}
	m.registry.MustRegister(s.sizes)
	return s
}

// Call notes a call of the metadata store; which is its kind.
func (m *Metrics) Call(which string, took time.Duration, err error) {
	m.store.calls.WithLabelValues(which, outcome(err)).Observe(took.Seconds())
}

// Commit notes a transaction in which some writes were made.
func (m *Metrics) Commit(writes int, took time.Duration, err error) {
	m.store.commits.WithLabelValues(outcome(err)).Observe(took.Seconds())
	m.store.sizes.Observe(float64(writes))
}

// Database is what shows the connections to a database, and what waits for one.
type Database interface {
	Pools() map[string]sql.DBStats
	Waiting() int
}

// Database shows the connections to a database, and how many writes wait.
func (m *Metrics) Database(db Database) {
	m.gauge("store_writes_waiting", "Writes that no transaction has taken yet.", nil, func() float64 { return float64(db.Waiting()) })
	m.registry.MustRegister(pools{
		db:          db,
		connections: description("store_connections", "Connections to the database.", "pool", "state"),
		limit:       description("store_connections_limit", "How many connections to the database there may be.", "pool"),
		waits:       description("store_connection_waits_total", "Calls that had to wait for a connection.", "pool"),
		waited:      description("store_connection_wait_seconds_total", "How long they waited.", "pool"),
	})
}

func description(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

// pools asks for the figures of a database's connections when Prometheus comes.
type pools struct {
	db                                Database
	connections, limit, waits, waited *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (p pools) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{p.connections, p.limit, p.waits, p.waited} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (p pools) Collect(ch chan<- prometheus.Metric) {
	for pool, s := range p.db.Pools() {
		gauge := func(d *prometheus.Desc, value float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, append([]string{pool}, labels...)...)
		}
		gauge(p.connections, float64(s.InUse), "in_use")
		gauge(p.connections, float64(s.Idle), "idle")
		gauge(p.limit, float64(s.MaxOpenConnections))
		ch <- prometheus.MustNewConstMetric(p.waits, prometheus.CounterValue, float64(s.WaitCount), pool)
		ch <- prometheus.MustNewConstMetric(p.waited, prometheus.CounterValue, s.WaitDuration.Seconds(), pool)
	}
}
