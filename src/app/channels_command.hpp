// `kanal channels`: how the running installation is kept apart from others of its organisation, and the answers that it
// keeps as nobody's (channels.md, points 1 and 3). Asks the installation over HTTP.
#pragma once

#include <iosfwd>
#include <string>

#include "ops/config.hpp"

namespace kanal::app {

struct ChannelsOptions {
  std::string url;   ///< empty: this machine, with port, protocol and login of the configuration
  std::string user;  ///< `name:password` for basic authentication
  bool json = false;
};

/// The table. Exit codes: 0 every verdict is good or a notice, 1 there is a conflict, 2 the installation cannot be
/// asked.
int show_channels(const ops::Config& config, const ChannelsOptions& options, std::ostream& out);

/// Lets a first start take what it has told of (kanal.receive.first-start=hold). Exit code 1 when nothing waits.
int allow_take(const ops::Config& config, const ChannelsOptions& options, std::ostream& out);

/// The answers kept as nobody's, for people.
int list_orphans(const ops::Config& config, const ChannelsOptions& options, std::ostream& out);
/// With the documents, as JSON into `file`.
int export_orphans(const ops::Config& config, const ChannelsOptions& options, const std::string& file,
                   std::ostream& out);
/// What another installation exported. Exit code 1 when none was taken.
int import_orphans(const ops::Config& config, const ChannelsOptions& options, const std::string& file,
                   std::ostream& out);

}  // namespace kanal::app
