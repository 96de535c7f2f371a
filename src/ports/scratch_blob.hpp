// A scratch blob for as long as it is used.
#pragma once

#include "ports/blob_store.hpp"

namespace kanal::ports {

/// Removes the blob at its end; after a crash the sweep does. Store and reference outlive it.
class ScratchBlob {
 public:
  ScratchBlob(BlobStore& blobs, const BlobRef& ref, bool owned = true) : blobs_(blobs), ref_(ref), owned_(owned) {}
  ScratchBlob(const ScratchBlob&) = delete;
  ScratchBlob& operator=(const ScratchBlob&) = delete;
  ~ScratchBlob() {
    if (owned_) (void)remove_scratch(blobs_, ref_).has_value();
  }

 private:
  BlobStore& blobs_;
  const BlobRef& ref_;
  bool owned_;  ///< false: a kept one is used this time, which is not ours to remove
};

}  // namespace kanal::ports
