//go:build !linux

package main

// undumpable can only prevent core files here.
func undumpable() error { return noCore() }
