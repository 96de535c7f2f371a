#include "app/serve_command.hpp"

#include <unistd.h>

#include <csignal>

#include <iostream>

#include "app/installation.hpp"
#include "app/kill_points.hpp"
#include "app/preflight.hpp"
#include "app/signals.hpp"
#include "app/vault_secrets.hpp"
#include "ops/config_remarks.hpp"
#include "ops/logger.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX wants it declared by the program

namespace kanal::app {
namespace {

LogLevel level_of(const std::string& name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "warning") return LogLevel::warning;
  if (name == "error") return LogLevel::error;
  return LogLevel::info;
}

/// Once at each start, so that what was decided against good advice is found in the log too.
void log_remarks(Log& log, const std::vector<ops::ConfigRemark>& remarks) {
  for (const auto& remark : remarks) {
    const auto level = remark.level == ops::ConfigRemark::Level::note ? LogLevel::info : LogLevel::warning;
    log.write(level, "configuration", {{"remark", ops::text_of(remark)}});
  }
}

}  // namespace

Result<ops::Config> load_config(const std::string& folder, const std::vector<std::string>& arguments,
                                const std::string& file) {
  ops::ConfigSources sources;
  sources.folder = folder;
  if (!file.empty()) {
    sources.file = file;
    sources.folder = sources.file.has_parent_path() ? sources.file.parent_path() : std::filesystem::path(".");
  }
  sources.arguments = arguments;
  sources.vault = read_vault_secrets;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) sources.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return ops::Config::load(sources);
}

std::unique_ptr<ops::ManagedLog> make_log(const ops::Config& config) {
  ops::LoggerOptions options;
  options.level = level_of(config.text_or("kanal.log.level", "info"));
  options.json = config.text_or("app.logger.stdoutAppender", "CONSOLE") == "JSON";
  options.orgnr = config.text_or("difi.move.org.number", "");
  if (const auto file = config.text("logging.file.name"); file && !file->empty())
    options.file = config.folder() / *file;
  return ops::make_logger(options);
}

int serve(const std::string& folder, const std::vector<std::string>& arguments) {
  auto config = load_config(folder, arguments);
  if (!config) {
    std::cerr << "kanal: " << config.error().text() << "\n";
    return exit_code::configuration;
  }
  auto remarks = config->check();
  for (auto& fault : preflight(*config)) remarks.push_back(std::move(fault));
  if (ops::has_errors(remarks)) {
    ops::print_remarks(std::cerr, remarks);
    std::cerr << "kanal: the configuration has errors; nothing was started\n";
    return exit_code::configuration;
  }
  const StopSignals signals;
  const auto log = make_log(*config);
  log_remarks(*log, remarks);
  SystemClock clock;
  KillPoints points(config->text_or("kanal.crash-at", ""));
  auto installation =
      Installation::make(std::move(*config), clock, *log, points, {log.get(), [] { ::kill(::getpid(), SIGTERM); }});
  if (!installation) {
    std::cerr << "kanal: " << installation.error().text() << "\n";
    return exit_code::configuration;
  }
  if (auto started = (*installation)->start(); !started) {
    std::cerr << "kanal: " << started.error().text() << "\n";
    return exit_code::failed;
  }
  std::cout << "kanal " << version() << " is ready at " << (*installation)->url() << std::endl;
  signals.wait();
  (*installation)->stop();
  return exit_code::good;
}

}  // namespace kanal::app
