//go:build !linux

package main

// undumpable can do no more here than leave no core files.
func undumpable() error { return noCore() }
