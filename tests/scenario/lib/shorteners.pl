#!/usr/bin/perl
# Link shorteners on loopback, for tests/scenario/hops.t. Every host that is asked for is served. shorteners.pl ANSWERS LOG: prints its port; each request is one line of LOG: method, host,
# path, user agent, language. ANSWERS: a file that is read anew for each request: lines "HOST/PATH<TAB>HEAD answer<TAB>GET answer": "301 URL", "200 FILE", "404", "close" (hangs up), "hang".
use strict;
use warnings;
use IO::Socket::INET;
use POSIX qw(_exit);

my ($answers, $log) = @ARGV;
$| = 1;
$SIG{CHLD} = 'IGNORE';
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 50, ReuseAddr => 1) or die "listen: $!";
print $server->sockport, "\n";

sub rows_of {
	open my $in, '<', $answers or die "$answers: $!";
	my %rows;
	while (<$in>) {
		chomp;
		my ($place, @says) = split /\t/;
		$rows{$place} = { HEAD => $says[0], GET => $says[1] // $says[0] };
	}
	return \%rows;
}

sub say_to {
	my ($client, $says, $head) = @_;
	my ($status, $more) = split / /, $says, 2;
	if ($status eq 'hang') { sleep 60; return }
	return if $status eq 'close';
	my $body = '';
	my $location = '';
	if ($status >= 300 && $status < 400) {
		$location = "Location: $more\r\n";
	} elsif (defined $more) {
		open my $in, '<', $more or die "$more: $!";
		local $/;
		$body = <$in>;
	}
	print $client "HTTP/1.1 $status x\r\nContent-Type: text/html; charset=utf-8\r\n${location}Content-Length: ", length $body, "\r\nConnection: close\r\n\r\n", $head ? '' : $body;
	return;
}

while (1) {
	my $client = $server->accept or next;
	my $pid = fork() // die "fork: $!";
	if ($pid) { close $client; next }
	my ($method, $path) = (<$client> // '') =~ /^(\S+) (\S+)/ or _exit(0);
	my %line;
	while (defined(my $line = <$client>)) {
		last if $line =~ /^\r?$/;
		$line{ lc $1 } = $2 if $line =~ /^([^:]+):\s*(.*?)\r?$/;
	}
	my $host = $line{host} // '';
	$host =~ s/:\d+$//;
	open my $out, '>>', $log or die "$log: $!";
	syswrite $out, join("\t", $method, $host, $path, $line{'user-agent'} // '', $line{'accept-language'} // '') . "\n";
	close $out;
	my $row = rows_of()->{"$host$path"};
	say_to($client, $row ? $row->{$method} // '501' : '404', $method eq 'HEAD');
	$client->flush;
	close $client;
	_exit(0);
}
