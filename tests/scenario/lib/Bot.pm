# A client of stage B for tests of the range: a WebSocket by hand, in nothing but perl, so that it shares no code with what it tests. It sends what it is told to, right or wrong.
package Bot;
use strict;
use warnings;
use Digest::SHA qw(sha1_base64);
use Errno qw(ECONNRESET EINTR);
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);

our $deadline_s = 60;
our $beat = "\xe5\xbf\x83\xe8\xb7\xb3&ping";
my $key = 'dGhlIHNhbXBsZSBub25jZQ==';

# new(port): connected, nothing said; undef: refused.
sub new {
	my ($class, $port) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => $deadline_s) or return undef;
	return bless { socket => $socket, in => '', head => '' }, $class;
}

# open(port): with the handshake done and the hello said; dies where it is not to be had.
sub open {
	my ($class, $port, $hello) = @_;
	my $bot = $class->new($port) or die "port $port refuses";
	$bot->shake;
	die "no 101: $bot->{head}" if $bot->{head} !~ m{^HTTP/1\.1 101 };
	$bot->say($hello // '{"imei":"000000000000000"}');
	return $bot;
}

sub send {
	my ($bot, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';
	return ($bot->{socket}->syswrite($bytes) // -1) == length $bytes;
}

# ask(lines): the request. answer(): the head of the answer, in $bot->{head}, whatever it is. shake(): both.
sub ask {
	my ($bot, %other) = @_;
	my %line = (Host => '203.0.113.77:7775', Upgrade => 'websocket', Connection => 'Upgrade', 'Sec-WebSocket-Key' => $key, 'Sec-WebSocket-Version' => '13', %other);
	return $bot->send("GET / HTTP/1.1\r\n" . join('', map { defined $line{$_} ? "$_: $line{$_}\r\n" : '' } sort keys %line) . "\r\n");
}

sub answer {
	my ($bot) = @_;
	$bot->more until $bot->{in} =~ /\r\n\r\n/ || $bot->{ended};
	$bot->{head} = $1 if $bot->{in} =~ s/^(.*?\r\n\r\n)//s;
	return $bot->{head};
}

sub shake {
	my ($bot, %other) = @_;
	$bot->ask(%other);
	return $bot->answer;
}

# The Sec-WebSocket-Accept that is right.
sub accept_line { return 'Sec-WebSocket-Accept: ' . sha1_base64($key . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11') . '=' }

# more(seconds): waits for bytes; false: none came in time, or no more will: $bot->{ended} is "end" or "reset".
sub more {
	my ($bot, $seconds) = @_;
	return 0 if $bot->{ended};
	if (!IO::Select->new($bot->{socket})->can_read($seconds // $deadline_s)) {
		die "nothing came in time" if !defined $seconds;
		return 0;
	}
	my $n = sysread $bot->{socket}, $bot->{in}, 65536, length $bot->{in};
	$bot->{ended} = defined $n ? 'end' : $! == ECONNRESET ? 'reset' : "$!" if !$n && !(!defined $n && $! == EINTR);
	return $n ? 1 : 0;
}

# take(n): so many bytes, or what came before the end.
sub take {
	my ($bot, $n) = @_;
	$bot->more until length $bot->{in} >= $n || $bot->{ended};
	return substr $bot->{in}, 0, $n, '';
}

# frame(kind, payload, fin): a masked frame.
sub frame {
	my ($bot, $kind, $payload, $fin) = @_;
	my $len = length $payload;
	my $head = pack 'C', $kind | (($fin // 1) ? 0x80 : 0);
	$head .= $len < 126 ? pack('C', 0x80 | $len) : $len < 65536 ? pack('Cn', 0x80 | 126, $len) : pack('CQ>', 0x80 | 127, $len);
	my $mask = pack 'N', int rand 0xffffffff;
	return $bot->send($head . $mask . ($payload ^ substr($mask x ($len / 4 + 1), 0, $len)));
}
sub say { return $_[0]->frame(1, $_[1]) }
sub close { return $_[0]->frame(8, pack('n', $_[1] // 1000)) }
sub end { $_[0]{socket}->close; $_[0]{ended} = 'end' }

# read(): the next frame as (kind, payload, fin), payload being bytes; nothing: the connection ended. Pings are answered on the way, if they are not to be shown.
sub read {
	my ($bot, %how) = @_;
	while (1) {
		my $head = $bot->take(2);
		return if length $head < 2;
		my ($one, $two) = unpack 'CC', $head;
		my $len = $two & 0x7f;
		$len = unpack 'n', $bot->take(2) if $len == 126;
		$len = unpack 'Q>', $bot->take(8) if $len == 127;
		my $payload = $bot->take($len);
		return if length $payload < $len;
		my $kind = $one & 0x0f;
		if ($kind == 9 && !$how{pings}) {
			$bot->frame(10, $payload);
			next;
		}
		return ($kind, $payload, $one >> 7);
	}
}

# text(): the next text message, as bytes; undef: the connection ended, maybe by a close frame, which is answered.
sub text {
	my ($bot) = @_;
	my $text = '';
	while (my ($kind, $payload, $fin) = $bot->read) {
		if ($kind == 8) {
			$bot->close;
			$bot->{close} = length $payload >= 2 ? unpack('n', $payload) : 1005;
			return undef;
		}
		$text .= $payload;
		return $text if $fin;
	}
	return undef;
}

1;
