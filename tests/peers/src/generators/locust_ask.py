"""Locust users that ask GET /, each at a steady rate when one is given."""

from locust import FastHttpUser, constant_throughput, events, task


@events.init_command_line_parser.add_listener
def each(parser):
    parser.add_argument("--each", type=float, default=0, help="requests a second of each user; 0: without a pause")


class Asker(FastHttpUser):
    def wait_time(self):
        rate = self.environment.parsed_options.each
        return constant_throughput(rate)(self) if rate else 0

    @task
    def ask(self):
        self.client.get("/")
