<?php
$name = $_GET['name'] ?? 'PHP';
?>
<h1>Hello from <?= htmlspecialchars($name) ?></h1>
