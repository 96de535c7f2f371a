// The Java side of these tests (Interop.java): one process for the whole test program, started at first use. Requests
// are answered one after the other. One thread.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kanal::interop {

/// What Java says.
struct Answer {
  bool ok = false;
  std::string reason;                           ///< of a failure
  std::vector<std::vector<std::string>> facts;  ///< name, then values

  /// The values of every fact with this name, in order.
  [[nodiscard]] std::vector<std::vector<std::string>> all(std::string_view name) const;
  /// The only value of the only fact with this name; else what is wrong with it, which equals no expected value.
  [[nodiscard]] std::string one(std::string_view name) const;
};

using Arguments = std::vector<std::pair<std::string, std::string>>;

class JavaPeer {
 public:
  static JavaPeer& instance();
  JavaPeer(const JavaPeer&) = delete;
  JavaPeer& operator=(const JavaPeer&) = delete;

  /// A value may be any text without tabs and line ends.
  Answer ask(std::string_view command, const Arguments& arguments);

 private:
  JavaPeer();
  ~JavaPeer();

  pid_t process_ = -1;
  FILE* requests_ = nullptr;
  FILE* answers_ = nullptr;
};

}  // namespace kanal::interop
