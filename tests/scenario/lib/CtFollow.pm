# What the follower's scenarios share: starting logs (hikeshi-range ct-log) and followers (hikeshi ct follow) on loopback, and
# reading what they leave behind. Nothing sleeps until it passes: until_ok() waits for a condition, with a deadline.
package CtFollow;
use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use Fcntl qw(SEEK_SET);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use HTTP::Tiny;
use JSON::PP;
use POSIX qw(:sys_wait_h _exit);
use Test::More ();
use Time::HiRes qw(time sleep);

our @EXPORT = qw($work $contact start_log control list_of spawn_follow once stop_it kill_it until_ok start lines_of rows_of truth_keys
	slurp spew requests_of state_of);

my $src = abs_path(dirname(__FILE__) . '/../../..');
my $build = $ENV{HK_BUILD} ? abs_path($ENV{HK_BUILD}) : "$src/build";
our $hikeshi = "$build/src/hikeshi";
our $range = "$build/range/hikeshi-range";
our $work = tempdir('hikeshi-follow-XXXXXX', TMPDIR => 1, CLEANUP => 1);
our $contact = 'soc@mihon-bank.example';
# Every wait ends here: far beyond what a loaded machine with sanitizers needs.
our $deadline_s = 60;
my %running;
my $owner = $$;

delete @ENV{qw(http_proxy https_proxy HTTP_PROXY HTTPS_PROXY)};

END {
	if ($$ == $owner) {
		my $status = $?;
		kill_it($_) for keys %running;
		$? = $status;
	}
}

sub slurp {
	my ($path) = @_;
	open my $in, '<', $path or return '';
	local $/;
	my $text = <$in>;
	return defined $text ? $text : '';
}

sub spew {
	my ($path, $text) = @_;
	open my $out, '>', $path or die "$path: $!";
	print $out $text;
	close $out or die "$path: $!";
	return $path;
}

# until_ok(what, sub): true as soon as the sub is; false, with a diagnostic, at the deadline.
sub until_ok {
	my ($what, $sub, $seconds) = @_;
	my $end = time() + ($seconds || $deadline_s);
	while (time() < $end) {
		return 1 if $sub->();
		sleep 0.02;
	}
	Test::More::diag("waited in vain: $what");
	return 0;
}

# start(out, err, limit, command...): standard output is appended to the file out.
sub start {
	my ($out, $err, $limit, @command) = @_;
	my $pid = fork() // die "fork: $!";
	if (!$pid) {
		open STDIN, '<', '/dev/null' or _exit(127);
		open STDOUT, '>>', $out or _exit(127) if !ref $out;
		open STDOUT, '>&', $out or _exit(127) if ref $out;
		open STDERR, '>>', $err or _exit(127);
		# bytes of a file: sh -c "ulimit" is the one portable way.
		@command = ('sh', '-c', "ulimit -f $limit; exec \"\$@\"", 'sh', @command) if $limit;
		exec { $command[0] } @command or _exit(127);
	}
	$running{$pid} = 1;
	return $pid;
}

sub stop_it {
	my ($pid, $signal) = @_;
	kill $signal || 'TERM', $pid;
	my $status;
	until_ok("process $pid ends", sub {
		my $got = waitpid($pid, WNOHANG);
		$status = $? if $got == $pid;
		return $got != 0;
	});
	delete $running{$pid};
	return $status;
}

sub kill_it {
	my ($pid) = @_;
	kill 'KILL', $pid;
	waitpid $pid, 0;
	delete $running{$pid};
}

# start_log(name, option...): a log that is ready: {url, list, truth, requests, token, pid, ...}.
sub start_log {
	my ($name, @options) = @_;
	my $dir = "$work/log-$name";
	my $log = { name => $name, dir => $dir, list => "$dir.list.json", truth => "$dir.truth", requests => "$dir.requests" };
	my $out = "$dir.out";
	unlink $out;
	$log->{pid} = start($out, "$dir.err", 0, $range, 'ct-log', '--dir', $dir, '--list', $log->{list}, '--truth',
		$log->{truth}, '--request-log', $log->{requests}, @options);
	until_ok("log $name is ready", sub { slurp($out) =~ /\n/ }) or die slurp("$dir.err");
	my $ready = decode_json((split /\n/, slurp($out))[0]);
	$log->{$_} = $ready->{$_} for keys %$ready;
	$log->{pid} = $ready->{pid};
	($log->{secret}) = slurp($ready->{token_file}) =~ /(\S+)/;
	return $log;
}

# control(log, "grow?entries=5&publish=1", body): the log's control endpoint.
sub control {
	my ($log, $what, $body) = @_;
	my $method = $what =~ /^state/ ? 'GET' : 'POST';
	my $answer = HTTP::Tiny->new(timeout => 30)->request($method, "$log->{url}control/$what", {
		headers => { Authorization => "Bearer $log->{secret}" }, defined $body ? (content => $body) : () });
	die "control $what: $answer->{status} $answer->{content}" if !$answer->{success};
	return $answer->{content} =~ /^\{/ ? decode_json($answer->{content}) : $answer->{content};
}

# list_of(file, log...): one log list of several logs, each under its own name and operator.
sub list_of {
	my ($file, @logs) = @_;
	my @operators;
	for my $log (@logs) {
		my $list = decode_json(slurp($log->{list}));
		for my $operator (@{ $list->{operators} }) {
			$operator->{name} .= " $log->{name}";
			for my $kind (qw(logs tiled_logs)) {
				$_->{description} = $log->{name} for @{ $operator->{$kind} || [] };
			}
			# One reader per log: of a log that serves both, the static side unless asked otherwise.
			my $want = $log->{as} || 'tiled_logs';
			if (@{ $operator->{tiled_logs} || [] } && @{ $operator->{logs} || [] }) {
				delete $operator->{$want eq 'logs' ? 'tiled_logs' : 'logs'};
			}
			$operator->{logs} ||= [];
			$operator->{tiled_logs} ||= [];
			push @operators, $operator;
		}
	}
	return spew("$work/$file", encode_json({ version => '1', log_list_timestamp => '2026-01-01T00:00:00Z',
		operators => \@operators }));
}

sub command {
	my ($list, $state, @options) = @_;
	return ($hikeshi, 'ct', 'follow', '--config', '/dev/null', '--logs', $list, '--state', "$work/$state", '--contact',
		$contact, '--rate', '0', '--poll', '100ms', '--all', @options);
}

# spawn_follow(list, state, option...): a follower that runs; output in state.out (appended), messages in state.err.
sub spawn_follow {
	my ($list, $state, @options) = @_;
	my %how = ref $options[0] ? %{ shift @options } : ();
	return start($how{out} || "$work/$state.out", "$work/$state.err", $how{limit}, command($list, $state, @options));
}

# once(list, state, option...): runs it with --once to its end; (exit code, output of this run, messages of this run).
sub once {
	my ($list, $state, @options) = @_;
	my $out = "$work/$state.out";
	my $err = "$work/$state.err";
	my ($out_at, $err_at) = (-s $out || 0, -s $err || 0);
	my $pid = spawn_follow($list, $state, @options, '--once');
	my $status;
	until_ok('the run ends', sub {
		my $got = waitpid($pid, WNOHANG);
		$status = $? if $got == $pid;
		return $got != 0;
	}) or return (-1, '', slurp($err));
	delete $running{$pid};
	return ($status >> 8, substr(slurp($out), $out_at), substr(slurp($err), $err_at));
}

sub lines_of {
	my ($state) = @_;
	return split /\n/, slurp("$work/$state.out");
}

sub rows_of {
	my ($state) = @_;
	return map { decode_json($_) } lines_of($state);
}

# truth_keys(log, first): the issuances that the log has published from entry `first` on, in order of their first entry.
sub truth_keys {
	my ($log, $first) = @_;
	my (%seen, @keys);
	for (split /\n/, slurp($log->{truth})) {
		my $row = decode_json($_);
		next if $row->{index} < ($first || 0);
		push @keys, $row->{tbs_sha256} if !$seen{ $row->{tbs_sha256} }++;
	}
	return @keys;
}

sub requests_of {
	my ($log) = @_;
	return map { decode_json($_) } split /\n/, slurp($log->{requests});
}

# state_of(state): {log name => {verified, read, status}} of the state file.
sub state_of {
	my ($state) = @_;
	my (%logs, $last);
	for (split /\n/, slurp("$work/$state/state")) {
		$last = { status => $1, verified => $2, read => $3 } if /^log \S+ (\S+) (\d+) (\d+)/;
		$logs{$1} = $last if /^name (.*)/;
	}
	return \%logs;
}

1;
