// Command photosd is the photo service.
package main

func main() {}
