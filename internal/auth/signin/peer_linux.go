package signin

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// fromOtherUser reports whether a request comes from a process of another user of this
// machine. Root counts as this user. So does a connection that the kernel does not list,
// such as a forwarded one or one from a container.
func fromOtherUser(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	here, err := netip.ParseAddrPort(local.String())
	if err != nil {
		return false
	}
	there, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue
		}
		uid, found := ownerOf(f, there, here)
		_ = f.Close()
		if found {
			return uid != 0 && uid != os.Getuid()
		}
	}
	return false
}

// ownerOf finds the user of the socket that is bound to local and connected to remote, in
// one of the kernel's tables (proc_net_tcp).
func ownerOf(table io.Reader, local, remote netip.AddrPort) (uid int, found bool) {
	const localColumn, remoteColumn, uidColumn = 1, 2, 7
	wantLocal, wantRemote := kernelForm(local), kernelForm(remote)
	for scanner := bufio.NewScanner(table); scanner.Scan(); {
		fields := strings.Fields(scanner.Text())
		if len(fields) <= uidColumn || fields[localColumn] != wantLocal || fields[remoteColumn] != wantRemote {
			continue
		}
		uid, err := strconv.Atoi(fields[uidColumn])
		return uid, err == nil
	}
	return 0, false
}

// kernelForm formats an address as the kernel does: words in the machine's byte order.
func kernelForm(a netip.AddrPort) string {
	bytes := a.Addr().AsSlice()
	words := make([]byte, 0, len(bytes))
	for i := 0; i < len(bytes); i += 4 {
		words = binary.NativeEndian.AppendUint32(words, binary.BigEndian.Uint32(bytes[i:]))
	}
	return fmt.Sprintf("%s:%04X", strings.ToUpper(hex.EncodeToString(words)), a.Port())
}
