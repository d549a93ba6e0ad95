package metrics

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"photos/internal/httpkit"
)

type httpMetrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	read     *prometheus.CounterVec
	written  *prometheus.CounterVec
	inFlight prometheus.Gauge
}

// requestBuckets returns the buckets of requests. An upload may take minutes.
func requestBuckets() []float64 {
	return []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}
}

func newHTTPMetrics(m *Metrics) httpMetrics {
	h := httpMetrics{
		requests: m.counter("http_requests_total", "Requests that ended.", "method", "route", "status"),
		duration: m.histogram("http_request_duration_seconds", "How long requests took, with the transfer of their bodies.", requestBuckets(), "method", "route"),
		read:     m.counter("http_request_bytes_total", "Bytes of the bodies of requests.", "route"),
		written:  m.counter("http_response_bytes_total", "Bytes of the bodies of answers.", "route"),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "http_requests_in_flight", Help: "Requests in progress."}),
	}
	m.registry.MustRegister(h.inFlight)
	return h
}

// methodLabel returns a method, or "other": clients may send any word.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// Guard counts requests.
func (m *Metrics) Guard() httpkit.Guard {
	return httpkit.Observe(m.http.inFlight.Inc, m.http.note)
}

func (h httpMetrics) note(e httpkit.Exchange) {
	h.inFlight.Dec()
	e.Method = methodLabel(e.Method)
	if e.Route == "" {
		e.Route = "none"
	}
	h.requests.WithLabelValues(e.Method, e.Route, strconv.Itoa(e.Status)).Inc()
	h.duration.WithLabelValues(e.Method, e.Route).Observe(e.Took.Seconds())
	h.read.WithLabelValues(e.Route).Add(float64(e.Read))
	h.written.WithLabelValues(e.Route).Add(float64(e.Wrote))
}

// Connections shows how many connections of clients are open.
func (m *Metrics) Connections(limit int, open func() int) {
	m.gauge("connections_open", "Open connections of clients.", nil, func() float64 { return float64(open()) })
	m.gauge("connections_limit", "How many connections may be open at the same time.", nil, func() float64 { return float64(limit) })
}
