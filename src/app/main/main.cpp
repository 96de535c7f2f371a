// The program `kanal`: commands and their arguments.
#include <iostream>
#include <string>
#include <vector>

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <CLI/CLI.hpp>

#include "app/channels_command.hpp"
#include "app/installation.hpp"
#include "app/move_store.hpp"
#include "app/preflight.hpp"
#include "app/sandbox/sandbox_command.hpp"
#include "app/send_command.hpp"
#include "app/serve_command.hpp"
#include "ops/config_command.hpp"

namespace {

using namespace kanal;

/// Few heaps for many mostly idle threads, and never a core file with keys in it.
void prepare_process() {
  mallopt(M_ARENA_MAX, 2);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

struct Arguments {
  std::vector<std::string> settings;
  std::vector<std::string> rest;
};

/// `--name=value` and `-Dname=value` are settings; CLI11 sees only the rest.
Arguments split_settings(int argc, char** argv) {
  Arguments split;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument(argv[i]);
    const auto name = argument.substr(0, argument.find('='));
    const bool dotted = name.find('.') != std::string_view::npos && argument.find('=') != std::string_view::npos;
    if ((argument.starts_with("--") && dotted) || (argument.starts_with("-D") && dotted)) {
      split.settings.emplace_back(argument);
    } else {
      split.rest.emplace_back(argument);
    }
  }
  std::reverse(split.rest.begin(), split.rest.end());  // CLI11 takes a vector from its end
  return split;
}

int with_config(const std::string& folder, const std::vector<std::string>& settings,
                const std::function<int(const ops::Config&)>& use, const std::string& file = {}) {
  auto config = app::load_config(folder, settings, file);
  if (!config) {
    std::cerr << "kanal: " << config.error().text() << "\n";
    return app::exit_code::configuration;
  }
  return use(*config);
}

int run(int argc, char** argv) {
  const auto split = split_settings(argc, argv);
  const auto& settings = split.settings;
  CLI::App cli{"Kanal: an integration point for eFormidling"};
  cli.footer(
      "Settings are given as --name=value or -Dname=value, e.g. --server.port=9094.\n"
      "Exit codes: 0 done, 1 the work failed, 2 configuration or arguments are wrong.");
  std::string folder = ".";
  cli.add_option("--folder", folder, "where integrasjonspunkt-local.properties or .yml lies")->capture_default_str();
  cli.require_subcommand(0, 1);
  cli.fallthrough();  // --folder may also stand after the command; subcommands inherit this

  int result = app::exit_code::good;
  auto* serve = cli.add_subcommand("serve", "run one installation (the default)");
  serve->callback([&] { result = app::serve(folder, settings); });

  app::SandboxOptions sandbox_options;
  auto* sandbox =
      cli.add_subcommand("sandbox", "run simulated national services and six installations on this machine");
  sandbox->add_option("--sandbox-folder", sandbox_options.folder, "where it keeps its keys, settings and data")
      ->capture_default_str();
  sandbox->add_flag("--demo", sandbox_options.demo, "send a message from each sender and show the timelines");
  sandbox->add_flag("--once", sandbox_options.once,
                    "end after the demo; exit 0 only if every message reached its final status");
  auto* simulators = sandbox->add_flag("--simulators", sandbox_options.simulators_only,
                                       "run the simulated national services alone, for installations of your own");
  for (const auto* other : {"--demo", "--once"}) simulators->excludes(sandbox->get_option(other));
  sandbox->add_flag("--keep", sandbox_options.keep, "keep the data of an earlier run");
  sandbox->add_option("--first-port", sandbox_options.first_port, "ports from here on are used; 0: any free ones")
      ->capture_default_str();
  sandbox->add_option("--fault", sandbox_options.faults, "switch a fault on (repeatable); --list-faults names them");
  sandbox->add_flag("--list-faults", sandbox_options.list_faults, "name all faults and end");
  sandbox->add_flag("--json", sandbox_options.json, "print the demo's result as JSON");
  sandbox->add_flag("--verbose", sandbox_options.verbose, "show the installations' logs");
  sandbox->callback([&] { result = app::sandbox(sandbox_options); });

  bool json = false;
  auto* config = cli.add_subcommand("config", "look at the configuration");
  config->require_subcommand(1);
  auto* check = config->add_subcommand("check", "one verdict per setting; exit 1 when there are errors");
  std::string file;
  check->add_option("FILE", file, "a properties or YAML file anywhere, instead of integrasjonspunkt-local.*");
  auto* reference = config->add_subcommand("reference", "every setting there is, as Markdown");
  reference->callback([] { std::cout << ops::configuration_reference(); });
  auto* show = config->add_subcommand("show", "every setting with value and origin; secrets are hidden");
  auto* explain = config->add_subcommand("explain", "meaning, default and value of one setting");
  std::string key;
  explain->add_option("KEY", key)->required();
  for (auto* command : {check, show, explain}) command->add_flag("--json", json, "as JSON");
  check->callback([&] {
    result = with_config(
        folder, settings,
        [&](const auto& read) { return ops::config_check(read, std::cout, json, app::preflight(read)); }, file);
  });
  show->callback([&] {
    result = with_config(folder, settings, [&](const auto& read) { return ops::config_show(read, std::cout, json); });
  });
  explain->callback([&] {
    result = with_config(folder, settings,
                         [&](const auto& read) { return ops::config_explain(read, key, std::cout, json); });
  });

  auto* store = cli.add_subcommand("store", "look after the store");
  store->require_subcommand(1);
  auto* migrate = store->add_subcommand(
      "migrate",
      "move everything of the embedded store into an empty PostgreSQL database; stop the installation first");
  std::string target;
  migrate
      ->add_option("--to", target, "jdbc:postgresql://host/database; login from difi.datasource.username and password")
      ->required();
  migrate->add_flag("--json", json, "as JSON");
  migrate->callback([&] {
    result = with_config(folder, settings,
                         [&](const auto& read) { return app::move_store_command(read, target, json, std::cout); });
  });

  app::ChannelsOptions channels_options;
  auto* channels = cli.add_subcommand(
      "channels", "how the running installation is kept apart from others of its organisation; exit 1 on a conflict");
  channels->require_subcommand(0, 1);
  auto* orphans = channels->add_subcommand("orphans", "answers about messages that this installation never sent");
  orphans->require_subcommand(1);
  auto* list = orphans->add_subcommand("list", "what is kept, and why it came here");
  std::string orphans_file;
  auto* give = orphans->add_subcommand("export", "write them to FILE, for the installation that they belong to");
  auto* take = orphans->add_subcommand("import", "take those of FILE that are about messages sent from here");
  for (auto* command : {give, take}) command->add_option("FILE", orphans_file)->required();
  auto* allow =
      channels->add_subcommand("take", "let the first start take what it has told of (kanal.receive.first-start=hold)");
  for (auto* command : {channels, allow, list, give, take}) {
    command->add_option("--url", channels_options.url, "the installation, if not that of the configuration");
    command->add_option("--user", channels_options.user, "name:password, if not that of the configuration");
    command->add_flag("--json", channels_options.json, "as JSON");
  }
  const auto on_channels = [&](auto action) {
    result = with_config(folder, settings, [&](const auto& read) { return action(read); });
  };
  channels->callback([&] {
    if (!channels->get_subcommands().empty()) return;
    on_channels([&](const auto& read) { return app::show_channels(read, channels_options, std::cout); });
  });
  allow->callback(
      [&] { on_channels([&](const auto& read) { return app::allow_take(read, channels_options, std::cout); }); });
  list->callback(
      [&] { on_channels([&](const auto& read) { return app::list_orphans(read, channels_options, std::cout); }); });
  give->callback([&] {
    on_channels([&](const auto& read) { return app::export_orphans(read, channels_options, orphans_file, std::cout); });
  });
  take->callback([&] {
    on_channels([&](const auto& read) { return app::import_orphans(read, channels_options, orphans_file, std::cout); });
  });

  app::SendOptions send_options;
  auto* send = cli.add_subcommand("send", "send files through an installation: an arkivmelding, or post to a resident");
  send->add_option("PATH", send_options.paths, "files or folders")->required();
  send->add_option("--to", send_options.receiver, "organisation number of the receiver, or a resident's number")
      ->required();
  send->add_option("--type", send_options.type, "arkivmelding, digital or print; by default what fits the receiver")
      ->check(CLI::IsMember({"arkivmelding", "digital", "print"}));
  send->add_option("--from", send_options.sender, "organisation number of the sender, if not the installation's own");
  send->add_option("--url", send_options.url, "the installation")->capture_default_str();
  send->add_option("--title", send_options.title, "title of the message")->capture_default_str();
  send->add_option("--process", send_options.process, "process of the message; by default the usual one of its type");
  send->add_option("--user", send_options.user, "name:password when the installation asks for it");
  send->add_flag("--wait", send_options.wait, "follow the statuses until it is delivered");
  send->add_flag("--json", send_options.json, "as JSON");
  send->callback([&] { result = app::send_files(send_options); });

  auto* version = cli.add_subcommand("version", "print the version");
  version->add_flag("--json", json, "as JSON");
  version->callback([&] {
    if (json) {
      std::cout << R"({"version":")" << app::version() << "\"}\n";
    } else {
      std::cout << "kanal " << app::version() << "\n";
    }
  });

  try {
    cli.parse(std::vector<std::string>(split.rest));
    if (cli.get_subcommands().empty()) result = app::serve(folder, settings);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? app::exit_code::good : app::exit_code::configuration;
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  prepare_process();
  return run(argc, argv);
}
