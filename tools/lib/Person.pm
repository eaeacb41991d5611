# Somebody at the board, by the API with a session. tools/night, tests/scenario/mass-night.t, tests/scenario/two-banks.t.
package Person;
use strict;
use warnings;
use HTTP::Tiny;
use JSON::PP;

# new(board, login, password): nobody is logged in until the first call.
sub new {
	my ($class, $board, $login, $password) = @_;
	$board =~ s{/$}{};
	return bless { board => $board, login => $login, password => $password, http => HTTP::Tiny->new(timeout => 60) }, $class;
}

sub ask {
	my ($self, $method, $path, $body, $if) = @_;
	my %headers = ($self->{cookie} ? (Cookie => $self->{cookie}) : (), $self->{csrf} ? ('X-CSRF-Token' => $self->{csrf}) : (), $if ? ('If-Match' => "\"$if\"") : (),
		$body ? ('Content-Type' => 'application/json') : ());
	my $answer = $self->{http}->request($method, "$self->{board}/api/v1$path", { headers => \%headers, $body ? (content => encode_json($body)) : () });
	my $set = $answer->{headers}{'set-cookie'};
	for my $one (ref $set ? @$set : $set // ()) {
		$self->{cookie} = $1 if $one =~ /^([^;]*hk_session=[^;]+)/;
	}
	$answer->{json} = eval { decode_json($answer->{content}) } if ($answer->{headers}{'content-type'} // '') =~ /json/;
	return $answer;
}

# call(method, path, body, version): the answer; logs in when it must.
sub call {
	my ($self, @what) = @_;
	if (!$self->{csrf}) {
		my $answer = ask($self, 'POST', '/session', { login => $self->{login}, password => $self->{password} });
		return $answer if !$answer->{success};
		$self->{csrf} = $answer->{json}{csrf};
	}
	my $answer = ask($self, @what);
	delete @$self{qw(csrf cookie)} if $answer->{status} == 401;
	return $answer;
}

# get(path): what it answers, or undef.
sub get {
	my ($self, $path) = @_;
	my $answer = $self->call('GET', $path);
	return $answer->{success} ? $answer->{json} : undef;
}

1;
