package server

// Routes lists what a server answers, as "PATTERN METHOD".
func Routes(s *Server) []string {
	var out []string
	for pattern, m := range s.routes() {
		for method := range m {
			out = append(out, pattern+" "+method)
		}
	}
	return out
}
