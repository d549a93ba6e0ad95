// Command photos is the photo client.
package main

func main() {}
