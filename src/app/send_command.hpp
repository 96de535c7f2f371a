// `kanal send DIR|FILE...`: a small case system for trying an installation.
#pragma once

#include <string>
#include <vector>

namespace kanal::app {

struct SendOptions {
  std::string url = "http://127.0.0.1:9093";
  std::string receiver;  ///< `0192:<orgnr>`, nine digits, or the eleven of a resident
  std::string sender;    ///< empty: the installation's own organisation
  std::string title = "Brev";
  std::string type;     ///< `arkivmelding`, `digital`, `print`; empty: by the receiver
  std::string process;  ///< empty: the usual one of the type
  std::string user;     ///< `name:password` for basic authentication
  std::vector<std::string> paths;
  bool wait = false;  ///< follow the statuses until the message is delivered or has failed
  bool json = false;
};

int send_files(const SendOptions& options);

}  // namespace kanal::app
