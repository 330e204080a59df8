<?php
// Counts in Redis how often pages were seen, and says it at the end of each.
add_action('wp_footer', function () {
    $redis = new Redis();
    $redis->connect(WP_REDIS_HOST, 6379, 5.0);
    echo '<p id="seen">' . $redis->incr('seen') . '</p>';
});
