// Command barelist is the least that a program does to list photos: one request
// with a token, whose answer goes to stdout. It is the floor for how long
// `photos list` may take.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	if err := list(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "barelist:", err)
		os.Exit(1)
	}
}

// list prints the answer of a URL. The token is in the environment.
func list(url string) error {
	req, err := http.NewRequest(http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", res.Status)
	}
	_, err = io.Copy(os.Stdout, res.Body)
	return err
}
