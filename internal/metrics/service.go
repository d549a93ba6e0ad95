package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type serviceMetrics struct {
	sweeps  *prometheus.HistogramVec
	removed *prometheus.CounterVec
	last    *prometheus.GaugeVec
}

func newServiceMetrics(m *Metrics) serviceMetrics {
	s := serviceMetrics{
		sweeps:  m.histogram("sweep_duration_seconds", "How long the parts of a sweep took.", []float64{.01, .1, 1, 10, 60, 600, 3600}, "part", "outcome"),
		removed: m.counter("sweep_removed_total", "What sweeps removed.", "part"),
		last:    prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: "sweep_last_success_timestamp_seconds", Help: "When a part of a sweep last ended well here."}, []string{"part"}),
	}
	m.registry.MustRegister(s.last)
	return s
}

// Swept notes that a part of a sweep ended.
func (m *Metrics) Swept(part string, removed int, took time.Duration, err error) {
	m.service.sweeps.WithLabelValues(part, outcome(err)).Observe(took.Seconds())
	m.service.removed.WithLabelValues(part).Add(float64(removed))
	if err == nil {
		m.service.last.WithLabelValues(part).SetToCurrentTime()
	}
}

// Inspections shows how many photos are examined, and how many wait for it.
func (m *Metrics) Inspections(load func() (waiting, running int)) {
	m.gauge("inspections", "Photos whose metadata is read, and those that wait for it.", prometheus.Labels{"state": "waiting"}, func() float64 {
		waiting, _ := load()
		return float64(waiting)
	})
	m.gauge("inspections", "Photos whose metadata is read, and those that wait for it.", prometheus.Labels{"state": "running"}, func() float64 {
		_, running := load()
		return float64(running)
	})
}
